"""The matrix: every explainer on every network, each judged by something that is not awb."""
