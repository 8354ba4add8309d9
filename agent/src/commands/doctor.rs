//! `doctor`: each dependency of Fjord itself, with its state, version, latency and stand-in.

use crate::agent::Agent;
use crate::error::Error;
use crate::reply::Reply;

pub(crate) async fn run(_agent: &Agent) -> Result<Reply, Error> {
    Err(Error::internal("doctor is being built"))
}
