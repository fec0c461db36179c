"""What the page of a benchmark does when it is touched: the sliders and the choice of versions."""

from __future__ import annotations

SCRIPT = """\
'use strict';
const sides = ['left', 'right'];

function show(exhibit) {
  const stage = exhibit.querySelector('.compare');
  const slider = stage.querySelector('input');
  const shown = sides.map(side => exhibit.querySelector(`select.${side}`).value);
  const names = sides.map(side => exhibit.querySelector(`select.${side}`).selectedOptions[0].text);
  for (const picture of stage.querySelectorAll('img')) {
    sides.forEach((side, i) => picture.classList.toggle(side, picture.dataset.view === shown[i]));
    // The same version on both sides is one whole picture.
    picture.style.clipPath = shown[0] === shown[1] ? 'none' : '';
  }
  sides.forEach((side, i) => { stage.querySelector(`.on-${side}`).textContent = names[i]; });
  stage.style.setProperty('--at', `${slider.value}%`);
  slider.setAttribute('aria-valuetext', `${Math.round(slider.value)} % ${names[0]}, the rest ${names[1]}`);
}

const exhibits = [...document.querySelectorAll('.exhibit')];
for (const exhibit of exhibits) {
  exhibit.addEventListener('input', () => show(exhibit));
  show(exhibit);
}

for (const select of document.querySelectorAll('.all select')) {
  select.addEventListener('input', () => {
    const side = sides.find(name => select.classList.contains(name));
    for (const exhibit of exhibits) {
      const own = exhibit.querySelector(`select.${side}`);
      const wanted = [...own.options].find(option => option.text === select.value);
      if (wanted) { own.value = wanted.value; show(exhibit); }
    }
  });
}
"""
"""A script without anything from elsewhere."""
