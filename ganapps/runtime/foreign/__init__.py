"""Upscaling models from elsewhere: what they want is found by probing, and they get the face of ours."""
