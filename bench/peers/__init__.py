"""Other loaders, each in a virtual environment of its own. Of ours they import only bench/stopwatch.py."""
