//! Turns a recipe into a BuildKit frontend, a command line and its own packer.
