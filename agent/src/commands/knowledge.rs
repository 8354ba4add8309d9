//! `remember`, `search` and `rag add|list|forget`: documents in, passages out.

use crate::agent::Agent;
use crate::command::{Learn, SearchQuery};
use crate::error::Error;
use crate::pass::Pass;
use crate::reply::Reply;

pub(crate) async fn remember(_agent: &Agent, _pass: &Pass, _text: String) -> Result<Reply, Error> {
    Err(Error::internal("remember is being built"))
}

pub(crate) async fn learn(_agent: &Agent, _learn: Learn) -> Result<Reply, Error> {
    Err(Error::internal("learn is being built"))
}

pub(crate) async fn search(_agent: &Agent, _query: &SearchQuery) -> Result<Reply, Error> {
    Err(Error::internal("search is being built"))
}

pub(crate) async fn documents(_agent: &Agent) -> Result<Reply, Error> {
    Err(Error::internal("documents is being built"))
}

pub(crate) async fn forget(_agent: &Agent, _id: &str) -> Result<Reply, Error> {
    Err(Error::internal("forget is being built"))
}
