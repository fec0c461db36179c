"""The light runtime: images, tiles, ONNX Runtime sessions, and the two applications of a trained model.

Needs numpy, OpenCV, ONNX Runtime and Pillow; never PyTorch. Imports nothing of the rooms above it.
"""
