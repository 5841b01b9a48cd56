"""`python -m wgan_core`: see `cli.main`."""

import sys

from wgan_core.cli.main import main

sys.exit(main(sys.argv[1:]))
