//! The standard Python image as a recipe that can be forked.
