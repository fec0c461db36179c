"""What several tests of the core do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ganapps.adversarial import Trainer


@pytest.fixture
def cut_short() -> Callable[[Trainer, int], None]:
    """Runs a trainer until Ctrl-C comes before the round of this number, and saves it there."""

    def cut(trainer: Trainer, step: int) -> None:
        play = trainer._play_round

        def interrupted(source):
            if trainer.step == step:
                raise KeyboardInterrupt
            play(source)

        trainer._play_round = interrupted
        with pytest.raises(KeyboardInterrupt):
            trainer.run()
        trainer.save()

    return cut
