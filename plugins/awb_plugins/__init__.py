"""The built-in models and explainers, registered with awb like anyone's."""
