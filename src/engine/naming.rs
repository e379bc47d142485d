//! Names that steps ask for together, and the answer that they wait for.

use std::{
    cell::RefCell,
    future::poll_fn,
    task::{Poll, Waker},
};

use serde_json::Value as Json;

use crate::model::PhysicalId;

/// Steps that ask together. The first of them makes the call.
#[derive(Default)]
pub(super) struct Names {
    pub(super) asked: RefCell<Vec<(PhysicalId, Json)>>,
    /// Those of the names that are taken; `None` inside: that could not be found out.
    answer: RefCell<Option<Option<Vec<String>>>>,
    waiting: RefCell<Vec<Waker>>,
}

impl Names {
    /// Once there is an answer: whether the name is known to be free.
    pub(super) async fn is_free(&self, id: &PhysicalId) -> bool {
        poll_fn(|cx| match &*self.answer.borrow() {
            Some(answer) => Poll::Ready(
                answer.as_ref().is_some_and(|taken| !taken.iter().any(|name| name == id.as_str())),
            ),
            None => {
                self.waiting.borrow_mut().push(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    pub(super) fn answered(&self, taken: Option<Vec<String>>) {
        *self.answer.borrow_mut() = Some(taken);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }
}
