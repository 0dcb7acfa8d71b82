//! Goes through cases, over a few threads, and keeps what crossed where one fails.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use retrossl::Direction;

use super::conversation::{Played, Surroundings};
use super::verdict::{Fact, judge};
use super::{Absence, Case, Cast, Group, Peer, Stage};
use crate::Error;
use crate::certificate::Hash;
use crate::loopback::Crossed;
use crate::recording::to_hex;

/// A peer, and how its cases went, in the order of [`Case::all`].
pub struct Results {
    pub peer: &'static dyn Peer,
    /// Its exact version, or why it cannot be had on this machine.
    pub version: Result<String, String>,
    pub outcomes: Vec<(Case, Outcome)>,
}

/// How a case went.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// What the peer told was compared with what we know.
    Passed(Vec<Fact>),
    Failed {
        reason: String,
        /// Where what crossed is kept, if anything did.
        kept: Option<PathBuf>,
    },
    /// There is no such case.
    Absent(Absence),
    /// The peer cannot be had on this machine.
    NotRun,
}

impl Results {
    pub fn failures(&self) -> impl Iterator<Item = (&Case, &str, Option<&Path>)> {
        let outcomes = self.outcomes.iter();
        outcomes.filter_map(|(case, outcome)| match outcome {
            Outcome::Failed { reason, kept } => Some((case, reason.as_str(), kept.as_deref())),
            _ => None,
        })
    }

    pub fn count(&self, is_counted: impl Fn(&Outcome) -> bool) -> usize {
        let outcomes = self.outcomes.iter();
        outcomes.filter(|(_, outcome)| is_counted(outcome)).count()
    }

    pub fn passed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Passed(_)))
    }

    pub fn not_run(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::NotRun))
    }
}

/// What a run tells while it is under way.
pub enum Progress<'r> {
    /// A peer is there, or why it is not.
    Peer(&'static dyn Peer, Result<&'r str, &'r str>),
    /// A group of cases is over.
    Group {
        peer: &'static dyn Peer,
        group: &'r Group,
        passed: usize,
        failed: usize,
        /// How many groups are over, of how many.
        over: usize,
        of: usize,
    },
    Failed {
        peer: &'static dyn Peer,
        case: &'r Case,
        reason: &'r str,
        kept: Option<&'r Path>,
    },
}

/// Plays those cases of each peer that are `selected`. An error is one of this machine's, never a
/// peer's.
pub fn run(
    peers: &[&'static dyn Peer],
    selected: impl Fn(&Case) -> bool,
    jobs: usize,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Vec<Results>, Error> {
    let mut casts = Vec::new();
    let mut all = Vec::new();
    let mut queue = VecDeque::new();
    for (index, peer) in peers.iter().copied().enumerate() {
        let version = peer.version().map_err(|error| error.to_string());
        progress(Progress::Peer(
            peer,
            version.as_deref().map_err(String::as_str),
        ));
        discard_failures(peer)?;
        let cases = Case::all().filter(|case| peer.kinds().contains(&case.kind));
        let outcomes: Vec<_> = cases
            .filter(|case| selected(case))
            .map(|case| (case, outcome_without_trying(peer, &case)))
            .collect();
        let to_play = outcomes.iter().filter(|(_, outcome)| outcome.is_none());
        if version.is_ok() {
            let groups = Group::divide(peer, to_play.map(|(case, _)| *case));
            queue.extend(groups.into_iter().map(|group| (index, group)));
            prepare_cast(&mut casts, peer.certificates())?;
        }
        let outcomes = outcomes.into_iter();
        all.push(Results {
            peer,
            version,
            outcomes: outcomes
                .map(|(case, outcome)| (case, outcome.unwrap_or(Outcome::NotRun)))
                .collect(),
        });
    }
    let of = queue.len();
    let queue = Mutex::new(queue);
    let all = Mutex::new(all);
    let over = AtomicUsize::new(0);
    let work = || {
        while let Some((index, group)) = next(&queue) {
            let peer = peers[index];
            let cast = cast_for(&casts, peer.certificates());
            let outcomes = play(peer, &group, cast, progress);
            let failed = |(_, outcome): &&_| matches!(outcome, Outcome::Failed { .. });
            let failed = outcomes.iter().filter(failed).count();
            let passed = outcomes.len() - failed;
            let mut all = locked(&all);
            for (case, outcome) in outcomes {
                let mut entries = all[index].outcomes.iter_mut();
                if let Some(entry) = entries.find(|(one, _)| *one == case) {
                    entry.1 = outcome;
                }
            }
            let over = over.fetch_add(1, Ordering::Relaxed) + 1;
            progress(Progress::Group {
                peer,
                group: &group,
                passed,
                failed,
                over,
                of,
            });
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(work);
        }
    });
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// `None` where it has to be tried.
pub fn outcome_without_trying(peer: &dyn Peer, case: &Case) -> Option<Outcome> {
    let theirs = || peer.cannot(case).map(Absence::Theirs);
    case.absence().or_else(theirs).map(Outcome::Absent)
}

fn next(queue: &Mutex<VecDeque<(usize, Group)>>) -> Option<(usize, Group)> {
    locked(queue).pop_front()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Casts = Vec<((u32, Hash), Cast)>;

fn prepare_cast(casts: &mut Casts, wanted: (u32, Hash)) -> Result<(), Error> {
    if casts.iter().all(|(made, _)| *made != wanted) {
        let (bits, hash) = wanted;
        casts.push((wanted, Cast::new(bits, hash)?));
    }
    Ok(())
}

fn cast_for(casts: &Casts, wanted: (u32, Hash)) -> &Cast {
    let found = casts.iter().find(|(made, _)| *made == wanted);
    let (_, cast) = found.expect("made for all peers that are there");
    cast
}

fn play(
    peer: &'static dyn Peer,
    group: &Group,
    cast: &Cast,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Vec<(Case, Outcome)> {
    let mut stage = None;
    let mut outcomes = Vec::new();
    for case in group.cases.iter().copied() {
        let open = match stage.take() {
            Some(open) => Ok(open),
            None => Stage::open(peer, group, cast),
        };
        let (result, crossed) = match open {
            Ok(open) => attempt(peer, open, &case, &mut stage),
            Err(error) => (Err(error), Vec::new()),
        };
        let outcome = match result {
            Ok(facts) => Outcome::Passed(facts),
            Err(error) => {
                let reason = error.to_string();
                let kept = keep(peer, &case, &reason, &crossed);
                let failed = Progress::Failed {
                    peer,
                    case: &case,
                    reason: &reason,
                    kept: kept.as_deref(),
                };
                progress(failed);
                Outcome::Failed { reason, kept }
            }
        };
        outcomes.push((case, outcome));
    }
    outcomes
}

/// The stage stays open after a success only.
fn attempt<'p>(
    peer: &dyn Peer,
    mut open: Stage<'p>,
    case: &Case,
    stage: &mut Option<Stage<'p>>,
) -> (Result<Vec<Fact>, Error>, Vec<Vec<Crossed>>) {
    let played = match open.play(case, &Surroundings::default()) {
        Ok(played) => played,
        Err(error) => return (Err(error), Vec::new()),
    };
    let verdict = judge(case, peer, open.people, &played);
    if verdict.is_ok() {
        *stage = Some(open);
    }
    let Played { crossed, .. } = played;
    (verdict, crossed)
}

/// Where the bytes of a peer's failures are kept.
pub fn failures(peer: &dyn Peer) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("target")
        .join("interop-failures")
        .join(peer.short_name())
}

fn discard_failures(peer: &dyn Peer) -> Result<(), Error> {
    match fs::remove_dir_all(failures(peer)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// A line for all that one side sent before the other did, in order.
fn keep(peer: &dyn Peer, case: &Case, reason: &str, crossed: &[Vec<Crossed>]) -> Option<PathBuf> {
    if crossed.iter().all(Vec::is_empty) {
        return None;
    }
    let mut text = format!("# {}, {case}\n", peer.name());
    for line in reason.lines() {
        text += &format!("# {line}\n");
    }
    for (at, connection) in crossed.iter().enumerate() {
        text += &format!("# connection {}\n", at + 1);
        for Crossed { direction, bytes } in connection {
            let who = match direction {
                Direction::Sent => "we",
                Direction::Received => "they",
            };
            text += &format!("{who} = {}\n", to_hex(bytes));
        }
    }
    let directory = failures(peer);
    let file = directory.join(format!("{}.txt", case.file_name()));
    let written = fs::create_dir_all(&directory).and_then(|()| fs::write(&file, text));
    // The case has failed anyway; that its bytes are not there is told by their absence.
    written.ok().map(|()| file)
}
