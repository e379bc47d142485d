//! `migrate import`: takes an existing object into the ledger as a resource of the plan.

use serde_json::Value as Json;

use super::{
    Verdict,
    args::{Global, ImportCommand},
    confirm,
    exit::Code,
    ledgers, locate, prepare, runs,
    session::{Session, one, who},
    sign_in, types,
};
use crate::{
    aws::Owner,
    engine::Stop,
    error::{Class, Diagnostic, suggest},
    graph::Node,
    ledger::{Declared, Entry, Intend, Ledger, LedgerError, Resolution, Snapshot, Verb},
    model::{Address, Attributes, PhysicalId, Reference, Unknown},
    resources::{AnyType, Cx, Goal, Probe, drift, registry},
    runs::{Run, begin, end},
    ui::Printer,
};

/// Runs the verb. Nothing in the account is changed; the next `up` brings the object to the plan.
pub fn run(global: &Global, args: &ImportCommand, printer: &mut Printer) -> Verdict {
    let mut loaded = prepare::load(global, &args.plan)?;
    let session = prepare::open(global, &loaded)?;
    prepare::header(global, &loaded, &session, printer);
    let prepared = prepare::online(global, &args.plan, &mut loaded, &session, None, printer)?;
    let graph = &prepared.graph;
    let address = &args.address;
    let Some(node) = graph.node(address) else {
        let near = suggest(address.as_str(), graph.nodes.iter().map(|n| n.address.as_str()));
        let wrong = Diagnostic::error("M0009", Class::Usage, format!("the plan has no resource `{address}`"));
        let help = near.map_or_else(|| "`migrate graph` shows all".into(), |n| format!("did you mean {n}?"));
        return Err(one(wrong.help(help)));
    };
    let dir = locate::find(global, &loaded, printer)?;
    let ledger = runs::open(&session, &dir, "import", || session.lineage())?;
    let region = graph.main_region();
    let admit =
        |snapshot: &Snapshot| ledgers::check_binding(snapshot, &session, Some((&loaded, &region)), &dir);
    let wrong = |error| runs::run_error(error, &dir);
    let context = runs::context(&session, Stop::default());
    let mut run = Run::open(&context, ledger, admit).map_err(wrong)?;
    session.block_on(run.settle()).map_err(wrong)?;
    free(&run.snapshot(), address, &args.physical_id, node)?;
    let ty = registry::find(&node.kind).ok_or_else(|| {
        one(Diagnostic::error("M3003", Class::Plan, format!("resource type {} is not supported", node.kind)))
    })?;
    let desired = resolved(&run.snapshot(), node)?;
    let at = prepared_index(graph, address);
    let mut depends_on: Vec<Address> = prepared.links.of(at).iter().map(|edge| edge.to.clone()).collect();
    depends_on.sort_unstable();
    depends_on.dedup();
    let (live, attributes) = look(&session, global, &run.snapshot(), ty, node, &args.physical_id, &desired)?;
    // What differs from the plan is recorded as it is, so that the next `up` changes it.
    let mut properties = desired.clone();
    let different = drift(ty, &desired, &live);
    for item in &different {
        properties[item.property.as_str()] = item.live.clone();
    }
    printer.advise(&format!(
        "{address} will be {} ({}). From then on it belongs to this plan: `up` changes it, `destroy` deletes it.",
        args.physical_id, node.kind
    ));
    for item in &different {
        printer.talk(&format!("  differs from the plan: {}\n", item.property));
    }
    if !args.yes {
        confirm::ask(printer, "Import it? Type yes: ", "yes", &confirm::unasked(global))?;
    }
    run.bind(ledgers::binding(graph, &session, locate::source(&dir, &loaded.place))).map_err(wrong)?;
    let generation = run.snapshot().next_generation(address);
    let declared = Declared {
        kind: node.kind.to_string(),
        region: node.region.to_string(),
        properties,
        deletion_policy: node.deletion_policy,
        update_replace_policy: node.update_replace_policy,
        metadata: node.metadata.clone(),
        depends_on,
    };
    let intend = Intend {
        verb: Verb::Create,
        address: address.clone(),
        generation,
        physical_id: None,
        declared: Some(Box::new(declared)),
        shared: false,
        operate: None,
    };
    let adopted = Adopted { intend, id: args.physical_id.clone(), attributes };
    adopted.write(&mut run.ledger()).map_err(|error| ledgers::ledger_error(&error, &dir))?;
    drop(run);
    drop(context);
    session.close()?;
    printer.paragraph(&format!("{address} is {} now. Next: `migrate plan`", args.physical_id));
    Ok(Code::Success)
}

/// An object that becomes a resource's: as a create whose effect was there before.
struct Adopted {
    intend: Intend,
    id: PhysicalId,
    attributes: Attributes,
}

impl Adopted {
    fn write(self, ledger: &mut Ledger) -> Result<(), LedgerError> {
        let Self { intend, id, attributes } = self;
        let (address, generation) = (intend.address.clone(), intend.generation);
        let run = begin(ledger, "import", 1, &who())?;
        drop(ledger.intend(intend)?);
        let (op, by) = (ledger.snapshot().last_op, Resolution::Claimed(id));
        ledger.append(Entry::Resolved { op, by, attributes: attributes.clone(), shared: false })?;
        ledger.append(Entry::Ready { address, generation, attributes })?;
        end(ledger, run)
    }
}

fn prepared_index(graph: &crate::graph::Graph, address: &Address) -> usize {
    graph.index.get(address).copied().unwrap_or_default()
}

/// Refuses an address that has an object, and an object that another address has.
fn free(snapshot: &Snapshot, address: &Address, id: &PhysicalId, node: &Node) -> Result<(), Vec<Diagnostic>> {
    if let Some(object) = snapshot.current(address) {
        let message = format!("{address} is {} already", object.physical_id);
        return Err(one(Diagnostic::error("M5006", Class::Refused, message)
            .at(address)
            .help(format!("`migrate forget {address}` first, if that object is not the right one"))));
    }
    let owner = snapshot.objects().find(|(_, object)| {
        object.physical_id == *id
            && object.declared.kind == node.kind
            && object.declared.region == node.region
    });
    match owner {
        None => Ok(()),
        Some((other, _)) => {
            let message = format!("{id} is {other} already");
            Err(one(Diagnostic::error("M5006", Class::Refused, message).at(address)))
        }
    }
}

/// The planned properties with every reference answered from the ledger.
fn resolved(snapshot: &Snapshot, node: &Node) -> Result<Json, Vec<Diagnostic>> {
    let lookup = |r: &Reference| snapshot.attribute(&r.address, &r.attribute).cloned();
    node.properties.resolve(&lookup).map_err(|unknown| {
        let (message, help) = match unknown {
            Unknown::Reference(r) => (
                format!("it refers to {r}, which the ledger does not hold"),
                format!("import {} first, or create it with `migrate up`", r.address),
            ),
            Unknown::Invalid(why) => (why, "correct the template".to_owned()),
        };
        one(Diagnostic::error("M5007", Class::Refused, message).at(&node.address).help(help))
    })
}

fn look(
    session: &Session,
    global: &Global,
    snapshot: &Snapshot,
    ty: &'static dyn AnyType,
    node: &Node,
    id: &PhysicalId,
    desired: &Json,
) -> Result<(Json, Attributes), Vec<Diagnostic>> {
    let sdk = session.cloud.sdk(&node.region);
    let owner = Owner {
        migration: String::new(),
        lineage: snapshot.lineage.clone(),
        generation: snapshot.next_generation(&node.address),
    };
    let cx = Cx {
        sdk: &sdk,
        region: &node.region,
        account: &session.cloud.account,
        partition: &session.cloud.partition,
        owner: &owner,
        address: &node.address,
        empty_on_delete: false,
        snapshot: None,
        update_policy: &Json::Null,
        shelf: None,
        attempted: &[],
        takes: &[],
    };
    let found = session.block_on(async {
        let live = ty.read(&cx, id, desired).await?;
        Ok((live, ty.probe(&cx, id, desired, Goal::Ready).await?))
    });
    let refuse = |message: String| {
        one(Diagnostic::error("M5008", Class::Refused, message).at(&node.address).help(format!(
            "{} is imported by {}; `migrate types {}` shows it",
            node.kind,
            types::import_id(ty),
            node.kind
        )))
    };
    match found.map_err(|error| one(sign_in::access(&error, global, session)))? {
        (None, _) => Err(refuse(format!("there is no {} `{id}` in {}", node.kind, node.region))),
        (
            Some(_),
            Probe::Pending(status) | Probe::Works(status) | Probe::Addressable { detail: status, .. },
        ) => Err(refuse(format!("`{id}` is not ready: {status}"))),
        (Some(_), Probe::Failed(why)) => Err(refuse(format!("`{id}` has failed: {why}"))),
        (Some(_), Probe::NotMade { reason, .. }) => Err(refuse(format!("`{id}` has failed: {reason}"))),
        (Some(live), Probe::Reached(attributes) | Probe::Named(_, attributes)) => Ok((live, attributes)),
    }
}
