//! `brief`: facts gathered in code, put into words by the model if there is one.

use crate::agent::Agent;
use crate::error::Error;
use crate::progress::Progress;
use crate::reply::Reply;

pub(crate) async fn run(_agent: &Agent, _text: &str, _progress: &Progress) -> Result<Reply, Error> {
    Err(Error::internal("incident is being built"))
}
