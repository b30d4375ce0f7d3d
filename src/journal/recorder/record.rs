//! What a recording is made of, as JSON. Times are ns since the run began; places are `[x, y, width, height]`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::agent::{ActResult, Departure, Errand, Policy};
use crate::dialogs::RuleFile;
use crate::screen::{Line, Reading, Rect, Region, RegionKind, Size, Window, WindowId, WindowKind};

/// One record.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(super) enum Record {
    /// The first record of every file.
    Head(Head),
    /// Something that the agent was told.
    Told {
        /// When.
        at: u64,
        /// What.
        input: Input,
    },
    /// The agent was asked for an action, and gave one.
    Act {
        /// When.
        at: u64,
        /// The window that it is about.
        window: Option<WindowId>,
        /// The action in words, with its place.
        act: String,
    },
    /// The agent was asked for an action, and had none.
    Idle {
        /// When.
        at: u64,
        /// The agent's state.
        state: String,
    },
}

/// How a file follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Begin {
    /// It does not: a run of the program begins.
    Run,
    /// Right after it.
    Next,
    /// Something between them was not kept.
    Gap,
}

/// What a file needs to be understood without those before it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head {
    /// How it follows the file before it.
    pub begin: Begin,
    /// When the run began, in ms since 1970.
    pub began: u64,
    /// The settings that the agent decides by.
    pub policy: Policy,
    /// The user's rules.
    pub rules: Vec<RuleFile>,
    /// Whether the API answered at the last probe.
    pub api_answers: bool,
}

/// What the agent was told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// The API handshake was answered, or not.
    ApiAnswered(bool),
    /// Something was to be done through the main window.
    CarryOut(Errand),
    /// A human gave a one-time code; which one is not recorded.
    CodeGiven,
    /// The gateway's process has ended.
    GatewayExited(Departure),
    /// A gateway's process was started; true: with the token of an automatic restart.
    GatewayStarted(bool),
    /// A human typed or clicked.
    HumanActed,
    /// A human gave the display back.
    HumanLeft,
    /// What is on the display, lowest window first.
    Observed(Vec<SeenRecord>),
    /// The session is to be held.
    Reclaim,
    /// What became of the last action.
    Result(ActResult),
    /// The user's rules are now these.
    Rules(Vec<RuleFile>),
    /// Time has passed.
    Timeout,
    /// The credentials may be submitted again.
    Unlocked,
}

/// A place: x, y, width, height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place(i32, i32, u32, u32);

impl From<Rect> for Place {
    fn from(rect: Rect) -> Self {
        Self(rect.x, rect.y, rect.width, rect.height)
    }
}

impl From<Place> for Rect {
    fn from(Place(x, y, width, height): Place) -> Self {
        // What no display has is damage, and must not overflow.
        let most = 1 << 20;
        let near = |value: i32| value.clamp(-most, most);
        Self::new(near(x), near(y), width.min(1 << 20), height.min(1 << 20))
    }
}

/// A window, and what changed of its picture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeenRecord {
    id: WindowId,
    title: String,
    class: String,
    kind: WindowKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transient_for: Option<WindowId>,
    geometry: Place,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    client: u32,
    stacking: u32,
    /// Its picture.
    pub view: ViewRecord,
}

impl SeenRecord {
    pub(super) fn new(window: Window, view: ViewRecord) -> Self {
        Self {
            id: window.id,
            title: window.title,
            class: window.class,
            kind: window.kind,
            transient_for: window.transient_for,
            geometry: window.geometry.into(),
            pid: window.pid,
            client: window.client,
            stacking: window.stacking,
            view,
        }
    }

    pub(super) fn window(self) -> (Window, ViewRecord) {
        let window = Window {
            id: self.id,
            title: self.title,
            class: self.class,
            kind: self.kind,
            transient_for: self.transient_for,
            geometry: self.geometry.into(),
            pid: self.pid,
            client: self.client,
            stacking: self.stacking,
        };
        (window, self.view)
    }
}

/// A window's picture against the one that was recorded of it before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewRecord {
    /// It was not read yet.
    None,
    /// The same as before.
    Same,
    /// Another one.
    Changed {
        /// Width and height.
        size: (u32, u32),
        /// The parts that differ; their pixels follow the JSON in this order. One of another size is there whole.
        parts: Vec<Place>,
        /// What was read; none: the same as before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reading: Option<ReadingRecord>,
    },
}

/// What was read from a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadingRecord {
    regions: Vec<(Place, u32, RegionKind)>,
    lines: Vec<(String, Place, u8, Option<usize>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unread: Vec<Place>,
}

impl From<&Reading> for ReadingRecord {
    fn from(reading: &Reading) -> Self {
        let regions = reading
            .regions
            .iter()
            .map(|region| (region.bounds.into(), region.background, region.kind));
        let lines = reading.lines.iter().map(|line| {
            let Line {
                text,
                bounds,
                confidence,
                region,
            } = line;
            (text.clone(), (*bounds).into(), *confidence, *region)
        });
        Self {
            regions: regions.collect(),
            lines: lines.collect(),
            unread: reading.unread.iter().map(|&place| place.into()).collect(),
        }
    }
}

impl ReadingRecord {
    /// The reading of a picture of this size and fingerprint.
    pub(super) fn reading(&self, size: Size, fingerprint: crate::screen::Fingerprint) -> Arc<Reading> {
        let regions = self.regions.iter().map(|&(bounds, background, kind)| Region {
            bounds: bounds.into(),
            background,
            kind,
        });
        let lines = self.lines.iter().map(|(text, bounds, confidence, region)| Line {
            text: text.clone(),
            bounds: (*bounds).into(),
            confidence: *confidence,
            region: *region,
        });
        Arc::new(Reading {
            fingerprint,
            size,
            regions: regions.collect(),
            lines: lines.collect(),
            unread: self.unread.iter().map(|&place| place.into()).collect(),
        })
    }
}
