//! Portolan for JavaScript.
