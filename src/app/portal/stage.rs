//! The display that logins show themselves on: one of its own for each, or one that stays where viewers look on.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::{AppError, Portal};
use crate::app::display::VirtualDisplay;
use crate::app::viewers::{self, Ports};
use crate::life::BackOff;
use crate::notify::Kind;
use crate::portal::State;
use crate::vnc::{Door, Gate, Screen};
use crate::x11::DisplayAddress;

/// What is there of it.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// Started here.
    display: Option<VirtualDisplay>,
    audience: Option<Audience>,
    back_off: BackOff,
    /// When it is to be there again for viewers.
    due: Option<Instant>,
}

/// Who looks on.
struct Audience {
    screen: Screen,
    door: Door,
    name: String,
    gate: Gate,
    since: Instant,
    /// Ends when the display is lost.
    serving: JoinSet<()>,
}

impl std::fmt::Debug for Audience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audience").finish_non_exhaustive()
    }
}

impl Stage {
    /// Between viewers and the display.
    pub(super) fn gate(&self) -> Gate {
        self.audience
            .as_ref()
            .map_or_else(Gate::default, |audience| audience.gate.clone())
    }

    /// How many look on.
    pub(super) fn viewers(&self) -> usize {
        self.audience
            .as_ref()
            .map_or(0, |audience| audience.door.viewers())
    }

    /// Tells viewers what is believed.
    pub(super) fn show(&self, state: State) {
        if let Some(audience) = &self.audience {
            audience.screen.rename(&format!("{}: {state}", audience.name));
        }
    }

    /// Waits until it has gone, or is due.
    pub(super) async fn news(&mut self) {
        let ended = async {
            match &mut self.display {
                Some(display) => {
                    let exit = display.ended().await;
                    tracing::warn!(%exit, "the display of the logins has ended");
                }
                None => std::future::pending().await,
            }
        };
        let lost = async {
            match &mut self.audience {
                Some(audience) => drop(audience.serving.join_next().await),
                None => std::future::pending().await,
            }
        };
        let due = async {
            match self.due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = ended => {}
            () = lost => {}
            () = due => {}
        }
    }
}

impl Portal {
    /// Has the display there.
    ///
    /// # Errors
    /// It cannot be had.
    pub(super) async fn set_stage(&mut self) -> Result<DisplayAddress, AppError> {
        if let Some(name) = &self.config.display.existing {
            return Ok(DisplayAddress::new(name.clone()));
        }
        if let Some(display) = &self.stage.display {
            return Ok(display.address().clone());
        }
        let size = self.config.display.size;
        let display = VirtualDisplay::start(&self.shared, &self.state_dir, size, &mut self.leftovers).await?;
        Ok(self.stage.display.insert(display).address().clone())
    }

    /// Serves viewers, if they are wanted. Beside a gateway with windows, whose ports they are, they come by the HTTP port alone.
    ///
    /// # Errors
    /// They cannot be served.
    pub(super) async fn serve_viewers(&mut self) -> Result<(), AppError> {
        let config = Arc::clone(&self.config);
        let Some(settings) = config.vnc.as_ref().filter(|_| self.stage.audience.is_none()) else {
            return Ok(());
        };
        let entries = viewers::entries(&config, settings)?;
        let (ports, name) = match self.shared.is_alone() {
            true => (viewers::bind(settings).await?, viewers::NAME.to_owned()),
            false => (Ports::default(), format!("{} portal", viewers::NAME)),
        };
        let display = self.set_stage().await?;
        let gate = Gate::default();
        let screen = viewers::screen(&display, gate.clone())?;
        viewers::tell(&ports, &display);
        let door = Door::new(screen.clone(), viewers::settings(settings, name.clone()));
        let (web_door, open) = entries.web_door(&door);
        self.board.take_viewers(Some(web_door));
        let stay = viewers::Stay::Forever;
        let served = viewers::serve(ports, door.clone(), entries, stay, std::future::pending());
        let notices = self.notices.clone();
        let mut serving = JoinSet::new();
        let serve = async move {
            // Viewers of the HTTP port go when this ends.
            let _open = open;
            if let Err(error) = served.await {
                tracing::error!(%error, "the viewer endpoint has ended");
                notices.tell(Kind::PortLost, format!("the viewer endpoint has ended: {error}"));
            }
        };
        serving.spawn(serve.in_current_span());
        self.stage.audience = Some(Audience {
            screen,
            door,
            name,
            gate,
            since: Instant::now(),
            serving,
        });
        self.stage.due = None;
        self.stage.show(self.keeper.belief().state);
        Ok(())
    }

    /// The same, later where that cannot be now.
    pub(super) async fn try_viewers(&mut self) {
        if let Err(error) = self.serve_viewers().await {
            tracing::warn!(%error, "no viewers are served now");
            self.stage.due = Some(Instant::now() + self.stage.back_off.fail());
        }
    }

    /// It has gone, or viewers are due. A login that was under way sees for itself.
    pub(super) async fn stage_news(&mut self) {
        if self.stage.due.take().is_some() {
            return self.try_viewers().await;
        }
        if let Some(audience) = &self.stage.audience {
            self.stage.back_off.was_up(audience.since.elapsed());
            self.stage.due = Some(Instant::now() + self.stage.back_off.fail());
        }
        self.clear_stage().await;
    }

    /// A login has ended: nobody needs the display but viewers.
    pub(super) async fn leave_stage(&mut self) {
        if self.stage.audience.is_none() {
            self.clear_stage().await;
        }
    }

    /// Nobody looks on any more, and the display goes.
    pub(super) async fn clear_stage(&mut self) {
        self.board.take_viewers(None);
        if let Some(mut audience) = self.stage.audience.take() {
            audience.serving.shutdown().await;
        }
        if let Some(display) = self.stage.display.take() {
            display.stop(&mut self.leftovers).await;
        }
    }
}
