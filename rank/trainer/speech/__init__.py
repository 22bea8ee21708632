"""Speech from espeak-ng and the mouth that goes with it."""
