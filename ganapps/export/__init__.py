"""From a trained PyTorch network to a model file that ONNX Runtime alone can run."""
