//! The threads that a plan's layers are spread over.
//!
//! A run has a leader, the caller, and helpers. The leader publishes one layer at a time and everybody takes tasks
//! from it. A layer is often shorter than the way through the system's scheduler, so helpers spin from one layer to
//! the next and sleep only between runs. Nobody waits for a helper that has no task: one that the system gives no
//! core to is simply not there, and the leader does the work.
//!
//! It must not know what the tasks are.
#![allow(
    unsafe_code,
    reason = "a task that borrows is lent to threads that outlive it; each block says why it is sound"
)]

use super::NnError;
use std::{
    any::Any,
    cell::UnsafeCell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

/// Multiplications below which telling another thread costs more than it saves.
const WORTH_SHARING: usize = 30_000;
/// Turns of a waiting loop before the core is offered to others: some ten microseconds.
const SPINS: u32 = 1_000;
/// The leader's number; helpers are 1 and up.
const LEADER: usize = 0;

/// A number of threads, shared by every plan that asks for the same number.
#[derive(Clone)]
pub(super) struct Team {
    crew: Option<Arc<Crew>>,
}

/// What one run of a network has of its team.
pub(super) struct Run<'a> {
    shared: Option<&'a Shared>,
    threads: usize,
}

impl Team {
    /// One thread is the caller's own; each further one is a helper, started once per process and number.
    pub(super) fn new(threads: usize) -> Result<Self, NnError> {
        static CREWS: Mutex<Vec<Weak<Crew>>> = Mutex::new(Vec::new());
        let helpers = threads.saturating_sub(1);
        if helpers == 0 {
            return Ok(Self { crew: None });
        }
        let mut crews = locked(&CREWS);
        crews.retain(|crew| crew.strong_count() > 0);
        if let Some(crew) = crews.iter().filter_map(Weak::upgrade).find(|crew| crew.helpers.len() == helpers)
        {
            return Ok(Self { crew: Some(crew) });
        }
        let crew = Arc::new(Crew::new(helpers)?);
        crews.push(Arc::downgrade(&crew));
        Ok(Self { crew: Some(crew) })
    }

    /// As [`Team::new`], with helpers of its own: it is never busy with what other tests run.
    #[cfg(test)]
    pub(super) fn apart(threads: usize) -> Self {
        let helpers = threads.saturating_sub(1);
        Self { crew: (helpers > 0).then(|| Arc::new(Crew::new(helpers).unwrap())) }
    }

    /// Runs a network with the team; alone where the team is busy with another one.
    pub(super) fn enter<R>(&self, network: impl FnOnce(&Run<'_>) -> R) -> R {
        let alone = Run { shared: None, threads: 1 };
        let Some(crew) = &self.crew else { return network(&alone) };
        let leading = match crew.shared.leading.try_lock() {
            Ok(leading) => leading,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return network(&alone),
        };
        let active = Active::begin(&crew.shared, leading);
        network(&Run { shared: Some(active.shared), threads: crew.helpers.len() + 1 })
    }
}

impl Run<'_> {
    /// How many threads take tasks.
    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// Calls `work` with 0..`tasks`, in any order, and the number of the thread that does it, below
    /// [`Run::threads`]. `cost` is the number of multiplications in all.
    pub(super) fn each(&self, tasks: usize, cost: usize, work: impl Fn(usize, usize) + Sync) {
        match self.shared {
            Some(shared) if tasks > 1 && cost >= WORTH_SHARING => shared.share(tasks, &work),
            _ => (0..tasks).for_each(|task| work(task, LEADER)),
        }
    }
}

/// The helpers of a team. They end with the last plan that has them.
struct Crew {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
}

impl Crew {
    fn new(helpers: usize) -> Result<Self, NnError> {
        let mut crew = Self { shared: Arc::new(Shared::default()), helpers: Vec::new() };
        for index in 1..=helpers {
            let shared = Arc::clone(&crew.shared);
            let thread = std::thread::Builder::new().name(format!("nn-{index}"));
            crew.helpers.push(thread.spawn(move || shared.help(index)).map_err(NnError::Threads)?);
        }
        Ok(crew)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.set(State::Over);
        for helper in self.helpers.drain(..) {
            // A helper catches what its tasks do; were it to end otherwise, there is nobody left to tell.
            drop(helper.join());
        }
    }
}

/// What leader and helpers see.
#[derive(Default)]
struct Shared {
    /// Held by the leader for a whole run.
    leading: Mutex<()>,
    state: Mutex<State>,
    changed: Condvar,
    /// 1 while a run lasts: what spinning helpers look at.
    active: AtomicUsize,
    /// Tasks of the job that nobody has taken: the first one, and in the upper half what is behind the last one. The leader
    /// takes them from the beginning and helpers from the end, so that the next layer finds most of what it reads in the
    /// cache of the core that wrote it.
    left: AtomicU64,
    /// Tasks of the job that are done.
    done: AtomicUsize,
    job: UnsafeCell<Option<&'static Work<'static>>>,
    panicked: Mutex<Option<Box<dyn Any + Send>>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Asleep,
    Running,
    Over,
}

/// Task and thread in. The lifetime of one that is shared is a lie: see [`Shared::share`].
type Work<'a> = dyn Fn(usize, usize) + Sync + 'a;

// SAFETY: `job` is the one field that is not `Sync` by itself. The leader (one, by `leading`) writes it only while no
// task is left and all taken ones are done. Others read it only after they took a task (acquire, from the leader's
// release of `left`) and before they count it as done (release, which the leader acquires before it writes again).
unsafe impl Sync for Shared {}

impl Shared {
    /// Does all tasks of one job, together with whoever helps.
    fn share(&self, tasks: usize, work: &Work<'_>) {
        // SAFETY: the reference is used only for tasks that were taken, and this function does not return, nor
        // unwind, before every task is done: it outlives no use.
        let work: &'static Work<'static> =
            unsafe { std::mem::transmute::<&Work<'_>, &'static Work<'static>>(work) };
        // SAFETY: no task is left or unfinished, so that nobody reads; and there is one leader.
        unsafe { *self.job.get() = Some(work) };
        self.done.store(0, Ordering::Relaxed);
        self.left.store((tasks as u64) << 32, Ordering::Release);
        while self.take(LEADER) {}
        let mut turns = 0;
        while self.done.load(Ordering::Acquire) < tasks {
            wait(&mut turns);
        }
        if let Some(panic) = locked(&self.panicked).take() {
            resume_unwind(panic);
        }
    }

    /// Takes a task and does it; false when there is none.
    fn take(&self, thread: usize) -> bool {
        let ends = |left: u64| (left & u64::from(u32::MAX), left >> 32);
        let without_one = |left: u64| {
            let (first, end) = ends(left);
            (first < end).then(|| if thread == LEADER { left + 1 } else { left - (1 << 32) })
        };
        let Ok(left) = self.left.fetch_update(Ordering::Acquire, Ordering::Relaxed, without_one) else {
            return false;
        };
        let (first, end) = ends(left);
        let task = if thread == LEADER { first } else { end - 1 } as usize;
        // SAFETY: a task was taken and is not done, so that nobody writes.
        if let Some(work) = unsafe { *self.job.get() }
            && let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(task, thread)))
        {
            *locked(&self.panicked) = Some(panic);
        }
        self.done.fetch_add(1, Ordering::Release);
        true
    }

    /// A helper's life.
    fn help(&self, thread: usize) {
        loop {
            let mut state = locked(&self.state);
            while *state == State::Asleep {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if *state == State::Over {
                return;
            }
            drop(state);
            let mut turns = 0;
            while self.active.load(Ordering::Relaxed) == 1 {
                if self.take(thread) {
                    turns = 0;
                } else {
                    wait(&mut turns);
                }
            }
        }
    }

    fn set(&self, state: State) {
        *locked(&self.state) = state;
        self.active.store(usize::from(state == State::Running), Ordering::Relaxed);
        if state != State::Asleep {
            self.changed.notify_all();
        }
    }
}

/// A run that lasts: helpers are awake until it is dropped.
struct Active<'a> {
    shared: &'a Shared,
    _leading: MutexGuard<'a, ()>,
}

impl<'a> Active<'a> {
    fn begin(shared: &'a Shared, leading: MutexGuard<'a, ()>) -> Self {
        shared.set(State::Running);
        Self { shared, _leading: leading }
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.shared.set(State::Asleep);
    }
}

/// One turn of a waiting loop.
fn wait(turns: &mut u32) {
    if *turns < SPINS {
        *turns += 1;
        std::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_done_once_however_many_jobs_follow_each_other() {
        for threads in [1, 2, 5] {
            let team = Team::apart(threads);
            for _ in 0..50 {
                team.enter(|run| {
                    assert_eq!(run.threads(), threads);
                    for tasks in [0, 1, 2, 3, 64, 7] {
                        let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                        run.each(tasks, usize::MAX, |task, thread| {
                            assert!(thread < threads);
                            counts[task].fetch_add(1, Ordering::Relaxed);
                        });
                        assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
                    }
                });
            }
        }
    }

    fn threads(run: &Run<'_>) -> usize {
        run.threads()
    }

    #[test]
    fn a_team_that_is_busy_leaves_the_second_network_alone() {
        let team = Team::apart(3);
        let inner = team.enter(|outer| {
            assert_eq!(outer.threads(), 3);
            team.clone().enter(threads)
        });
        assert_eq!((inner, team.enter(threads)), (1, 3));
    }

    #[test]
    fn plans_that_ask_for_the_same_number_share_their_helpers() {
        let [one, same, other] = [3, 3, 4].map(|threads| Team::new(threads).unwrap().crew.unwrap());
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
        assert_eq!((one.helpers.len(), other.helpers.len()), (2, 3));
    }

    #[test]
    fn a_panic_in_a_task_reaches_the_caller_and_the_team_goes_on() {
        let team = Team::apart(2);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            team.enter(|run| run.each(40, usize::MAX, |task, _| assert_ne!(task, 17, "seventeen")));
        }));
        assert!(panicked.is_err());
        let sum = AtomicUsize::new(0);
        team.enter(|run| {
            run.each(40, usize::MAX, |task, _| {
                sum.fetch_add(task, Ordering::Relaxed);
            });
        });
        assert_eq!(sum.into_inner(), 780);
    }

    #[test]
    fn helpers_end_with_the_last_plan() {
        let team = Team::apart(7);
        let crew = Arc::downgrade(team.crew.as_ref().unwrap());
        drop((team.clone(), team));
        assert!(crew.upgrade().is_none());
    }
}
