//! The Claude Code face: wire types, socket server, settings installer.
