//! Which keyboards a display has (X Input Extension), and what is done with those that are not XTEST's or with it alone.

use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::errors::ConnectionError;
use x11rb::protocol::xinput::{self, ConnectionExt as _, DEVICE_KEY_RELEASE_EVENT, DeviceUse};
use x11rb::protocol::xkb::{BoolCtrl, ConnectionExt as _, SetControlsRequest};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use super::X11Error;

/// The name that servers give to the keyboard that XTEST's keys come from.
const XTEST: &[u8] = b"XTEST keyboard";

/// Keyboards by their numbers.
struct Keyboards {
    xtest: Option<u8>,
    other: Option<u8>,
    /// What a key of theirs is called that goes up.
    release: u8,
}

/// `None` where the server does not tell.
fn keyboards(connection: &RustConnection) -> Result<Option<Keyboards>, X11Error> {
    let Some(extension) = connection.extension_information(xinput::X11_EXTENSION_NAME)? else {
        return Ok(None);
    };
    let list = connection.xinput_list_input_devices()?.reply()?;
    let mut keyboards = Keyboards {
        xtest: None,
        other: None,
        release: extension.first_event + DEVICE_KEY_RELEASE_EVENT,
    };
    for (device, name) in list.devices.iter().zip(&list.names) {
        if device.device_use == DeviceUse::IS_X_EXTENSION_KEYBOARD {
            let is_xtest = name.name.ends_with(XTEST);
            let place = if is_xtest {
                &mut keyboards.xtest
            } else {
                &mut keyboards.other
            };
            place.get_or_insert(device.device_id);
        }
    }
    Ok(Some(keyboards))
}

impl Keyboards {
    /// Makes the next key come from another keyboard than the key before: here one goes up that was not down, which no
    /// program hears of, and the next key is XTEST's. Where XTEST's is the only keyboard, nothing can be done.
    fn alternate(&self, connection: &RustConnection) -> Result<(), ConnectionError> {
        if let Some(other) = self.other {
            let keycode = connection.setup().min_keycode;
            connection.xtest_fake_input(self.release, keycode, 0, x11rb::NONE, 0, 0, other)?;
        }
        Ok(())
    }
}

/// Has programs read the whole map anew before they handle the next key.
///
/// Xlib forgets the notice of a change that reaches it while it waits for the map after the change before (libX11,
/// `XKBBind.c`): of letters that came one right after the other, programs such as those of Tk missed some. It does not
/// forget that there is another keyboard, which the server tells when a key comes from another one than the key before.
pub(super) fn renew_map(connection: &RustConnection) -> Result<(), X11Error> {
    match keyboards(connection)? {
        Some(keyboards) => Ok(keyboards.alternate(connection)?),
        None => Ok(()),
    }
}

/// That keys repeat while they are held. Viewers send each repetition of their own keyboards. When the server repeated too,
/// a release that is late on a slow line would have typed a key many times, Enter included: so XTEST's keyboard leaves it
/// to the viewers. Other keyboards go on.
#[derive(Default)]
pub(super) struct Repetition {
    /// XTEST's keyboard, which repeated before, and the others.
    stopped: Option<(u8, Keyboards)>,
}

impl Repetition {
    /// Leaves it to the viewers.
    pub(super) fn stop(&mut self, connection: &RustConnection) -> Result<(), X11Error> {
        let Some(keyboards) = keyboards(connection)? else {
            return Ok(());
        };
        let Some(xtest) = keyboards.xtest else {
            return Ok(());
        };
        let controls = connection.xkb_get_controls(xtest.into())?.reply()?;
        if controls.enabled_controls.contains(BoolCtrl::REPEAT_KEYS) {
            let (xtest, keyboards) = self.stopped.insert((xtest, keyboards));
            repeat(connection, *xtest, keyboards, false)?;
        }
        Ok(())
    }

    /// As it was.
    pub(super) fn restore(&mut self, connection: &RustConnection) -> Result<(), ConnectionError> {
        match self.stopped.take() {
            Some((xtest, keyboards)) => repeat(connection, xtest, &keyboards, true),
            None => Ok(()),
        }
    }
}

/// Whether keys of XTEST's keyboard repeat, from the next one on: the server looks at that when it comes from another
/// keyboard than the key before.
fn repeat(
    connection: &RustConnection,
    xtest: u8,
    keyboards: &Keyboards,
    on: bool,
) -> Result<(), ConnectionError> {
    let request = SetControlsRequest {
        device_spec: xtest.into(),
        affect_enabled_controls: BoolCtrl::REPEAT_KEYS,
        enabled_controls: if on {
            BoolCtrl::REPEAT_KEYS
        } else {
            BoolCtrl::default()
        },
        ..SetControlsRequest::default()
    };
    connection.send_trait_request_without_reply(request)?;
    keyboards.alternate(connection)
}
