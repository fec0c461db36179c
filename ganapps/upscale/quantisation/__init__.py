"""An upscaler with convolutions of 8 bits: calibrated on photographs, measured on others."""
