//! Rules of the twin that the resource types do not reach.
