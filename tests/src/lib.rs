//! Stories, contract suites, tidy checks, the rig that starts real servers.
