//! The workers' end of the wire, played by a test: it answers when told to, and its PIN check is the real one.

use crossbeam_channel::{Receiver, Sender, bounded};
use faceprint::{
    access::{LockoutPolicy, Login, LoginError},
    app::FaceprintApp,
    crypto::{Pepper, Pin, PinCost, PinHash, Secret},
    domain::{AttemptState, Clock, Host, HostId, ManualClock, Person, PersonId, PersonName},
    runtime::messages::{
        HostSession, Link, Notice, PersonRow, PinAttempt, PinState, Refusal, Reply, ReplyBody, Request,
        RequestBody, Snapshot,
    },
    settings::Settings,
};
use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex},
};

/// The PIN of [`HOST`].
pub const PIN: &str = "802715";
pub const HOST: HostId = HostId::from_bytes([9; 16]);

/// Everything that is not the window.
pub struct Fake {
    pub clock: ManualClock,
    pub snapshot: Arc<Mutex<Snapshot>>,
    pub notices: Sender<Notice>,
    pub hosts: Vec<Host>,
    requests: Receiver<Request>,
    replies: Sender<Reply>,
    waiting: VecDeque<Request>,
    hash: PinHash,
    pepper: Pepper,
    attempts: AttemptState,
}

impl Fake {
    /// A wire with one host, and a window at its other end.
    pub fn new(settings: Settings, strip: Option<&str>) -> (Self, FaceprintApp) {
        let clock = ManualClock::at("2026-11-25T07:58:03Z".parse().unwrap());
        let (fake, link) = Self::wire(clock.clone());
        (fake, FaceprintApp::new(link, settings, Arc::new(clock), strip.map(str::to_owned)))
    }

    /// Both ends of a wire.
    pub fn wire(clock: ManualClock) -> (Self, Link) {
        let snapshot = Arc::new(Mutex::new(Snapshot::default()));
        let (request_sender, requests) = bounded(64);
        let (replies, reply_receiver) = bounded(64);
        let (notices, notice_receiver) = bounded(64);
        let link = Link {
            snapshot: snapshot.clone(),
            requests: request_sender,
            replies: reply_receiver,
            notices: notice_receiver,
        };
        let pepper = Pepper::new(Secret::random().unwrap());
        let fake = Self {
            snapshot,
            notices,
            hosts: vec![Host { id: HOST, name: name("Grace Hopper") }],
            requests,
            replies,
            waiting: VecDeque::new(),
            hash: PinHash::new(&Pin::new(PIN).unwrap(), &pepper, PinCost::FLOOR).unwrap(),
            pepper,
            attempts: AttemptState::default(),
            clock,
        };
        (fake, link)
    }

    /// The oldest request that was not answered yet.
    pub fn next(&mut self) -> Option<Request> {
        self.waiting.extend(self.requests.try_iter());
        self.waiting.pop_front()
    }

    /// The oldest unanswered request that `wanted` picks; the others stay.
    pub fn find(&mut self, wanted: impl Fn(&RequestBody) -> bool) -> Option<Request> {
        self.waiting.extend(self.requests.try_iter());
        let at = self.waiting.iter().position(|request| wanted(&request.body))?;
        self.waiting.remove(at)
    }

    pub fn reply(&self, request: &Request, body: Result<ReplyBody, Refusal>) {
        self.replies.send(Reply { number: request.number, body }).unwrap();
    }

    /// Answers who the hosts are.
    pub fn answer_hosts(&mut self) {
        while let Some(request) = self.find(|body| matches!(body, RequestBody::Hosts)) {
            self.reply(&request, Ok(ReplyBody::Hosts(self.hosts.clone())));
        }
    }

    /// Checks the PIN of the oldest login, as the ledger would.
    pub fn answer_login(&mut self) {
        let request =
            self.find(|body| matches!(body, RequestBody::Login { .. })).expect("a login was asked for");
        let RequestBody::Login { pin, .. } = &request.body else { unreachable!() };
        let body = match self.check(pin) {
            Ok(session) => Ok(ReplyBody::LoggedIn(session)),
            Err(LoginError::Wrong { tries_left }) => Err(Refusal::WrongPin { tries_left }),
            Err(LoginError::Locked { retry_in }) => Err(Refusal::LockedOut { retry_in }),
            Err(other) => Err(Refusal::Failed(other.to_string().into())),
        };
        self.reply(&request, body);
    }

    /// A session by the right PIN.
    pub fn session(&mut self) -> Arc<HostSession> {
        self.check(&PinAttempt::new(PIN)).unwrap()
    }

    /// What the ledger would say to a PIN.
    pub fn check(&mut self, pin: &PinAttempt) -> Result<Arc<HostSession>, LoginError<Infallible>> {
        let (attempts, cost) = (self.attempts, PinCost::FLOOR);
        let login = Login { host: HOST, secret: Some(&self.hash), cost, pepper: &self.pepper, pin, attempts };
        let kept = &mut self.attempts;
        LockoutPolicy::default()
            .login(&login, self.clock.now(), |state, _| {
                *kept = state;
                Ok(())
            })
            .map(Arc::new)
    }
}

pub fn name(text: &str) -> PersonName {
    PersonName::new(text).unwrap()
}

pub fn person(number: u8, text: &str, templates: usize) -> PersonRow {
    PersonRow {
        person: Person {
            id: PersonId::from_bytes([number; 16]),
            name: name(text),
            badge: number.is_multiple_of(2).then(|| format!("A-{number:03}")),
            active: true,
            created: "2026-11-01T08:00:00Z".parse().unwrap(),
            consent: None,
        },
        templates,
        pin: PinState::Unset,
    }
}
