"""``python -m awb`` is ``awb``."""

from awb.cli import main

if __name__ == "__main__":
    main(prog_name="awb")
