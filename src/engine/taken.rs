//! Asks whether names are taken that creates would overwrite, for many steps at once.
//!
//! Steps that are ready at the same moment ask in one call, where the service has one ([`AnyType::gather`]). It only tells that a
//! name is free: what is there is looked at by itself, whose it is and what it holds.
//!
//! [`AnyType::gather`]: crate::resources::AnyType::gather

use std::{cell::Cell, future::poll_fn, rc::Rc, task::Poll};

use serde_json::Value as Json;

use super::{life::Life, run::Run};
use crate::{
    model::PhysicalId,
    resources::{Asked, Cx, Shelf},
};

impl Run<'_, '_> {
    /// Whether the name that a create is about to take is known to be free. Otherwise a look has to tell.
    pub(super) async fn is_free(&self, life: &Life<'_>) -> bool {
        // Of all that an account has nobody asks for a name's sake.
        let most = if life.ty.many_from() > 2 { 0 } else { life.ty.many() };
        let Some(id) = life.ty.handle(&life.cx(), life.recorded()).filter(|_| most > 0) else { return false };
        let key = (life.cx().region.to_owned(), life.facts().kind);
        let (names, first) = {
            let mut naming = self.naming.borrow_mut();
            let open = naming.get(&key).filter(|names| names.asked.borrow().len() < most).map(Rc::clone);
            let first = open.is_none();
            let names = open.unwrap_or_default();
            names.asked.borrow_mut().push((id.clone(), life.recorded().clone()));
            if first {
                naming.insert(key.clone(), Rc::clone(&names));
            }
            (names, first)
        };
        if first {
            // The others that are ready now come by once before this goes on.
            once_around().await;
            self.naming.borrow_mut().retain(|_, open| !Rc::ptr_eq(open, &names));
            let asked = names.asked.take();
            names.answered(self.taken(life, &asked).await);
        }
        names.is_free(&id).await
    }

    /// Which of the names are taken, in one call.
    async fn taken(&self, life: &Life<'_>, names: &[(PhysicalId, Json)]) -> Option<Vec<String>> {
        let asked: Vec<Asked<'_, Json>> = names.iter().map(|(id, hint)| Asked { id, hint }).collect();
        let gather = async || {
            // Anew each time: what a call has told that failed later is not the answer.
            let shelf = Shelf::default();
            life.ty.gather(&Cx { shelf: Some(&shelf), ..life.cx() }, &asked).await.map(|()| shelf)
        };
        let shelf = self.observe(life, gather).await.ok()?;
        Some(names.iter().map(|(id, _)| id.to_string()).filter(|name| shelf.holds(name)).collect())
    }
}

/// Lets everything else of this task come by once.
async fn once_around() {
    let gone = Cell::new(false);
    poll_fn(|cx| {
        if gone.replace(true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
