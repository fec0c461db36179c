"""What upscalers are worth: measured on folders of pictures, beside bicubic enlargement."""
