//! The law of descriptions for many: what a shelf answers is what a look at the object answers.

use super::{Cx, Law, PhysicalId, ResourceType};
use crate::resources::{Asked, Shelf, Sight};

impl<T: ResourceType> Law<'_, T> {
    fn sight(&self, id: &PhysicalId, props: &T::Props, shelf: Option<&Shelf>) -> Sight<T::Props> {
        let look = |cx: &Cx<'_>| self.bench.run(T::sight(&Cx { shelf, ..*cx }, id, props));
        match self.bench.cx_of(&self.address, look) {
            Ok(Some(seen)) => seen,
            other => self.fail(&format!("a look at it answers {:?}", other.map(|seen| seen.is_some()))),
        }
    }

    /// What was asked for together with others is, on the shelf, what a look at it alone tells; and it takes fewer calls.
    pub(super) fn tells_in_pages(&self, id: &PhysicalId, props: &T::Props) {
        if T::MANY == 0 {
            return;
        }
        let calls = || self.bench.operations().len();
        let shelf = Shelf::default();
        let asked = [Asked { id, hint: props }];
        let gather = |cx: &Cx<'_>| self.bench.run(T::gather(&Cx { shelf: Some(&shelf), ..*cx }, &asked));
        if let Err(error) = self.bench.cx_of(&self.address, gather) {
            self.fail(&format!("gather: {error}"));
        }
        if shelf.is_empty() {
            self.fail("gather puts nothing on the shelf");
        }
        let before = calls();
        let shelved = self.sight(id, props, Some(&shelf));
        let between = calls();
        let alone = self.sight(id, props, None);
        if (calls() - between) <= (between - before) {
            self.fail("what lies on the shelf is asked for all the same");
        }
        let json = |seen: &Sight<T::Props>| serde_json::to_value(&seen.properties).unwrap_or_default();
        if json(&shelved) != json(&alone) || shelved.ownership != alone.ownership {
            self.fail(&format!(
                "on the shelf it is {:?} {}, by itself {:?} {}",
                shelved.ownership,
                json(&shelved),
                alone.ownership,
                json(&alone)
            ));
        }
    }
}
