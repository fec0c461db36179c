"""What computes a model: ONNX Runtime on a CPU or a GPU, or OpenVINO; and the check that they agree."""
