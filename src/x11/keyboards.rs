//! Which keyboards a display has beside XTEST's (X Input Extension), and what for.

use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::errors::ConnectionError;
use x11rb::protocol::xinput::{self, ConnectionExt as _, DEVICE_KEY_RELEASE_EVENT, DeviceUse};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use super::X11Error;

/// The name that servers give to the keyboard that XTEST's keys come from.
const XTEST: &[u8] = b"XTEST keyboard";

/// Keyboards by their numbers.
struct Keyboards {
    /// One that is not XTEST's.
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
        other: None,
        release: extension.first_event + DEVICE_KEY_RELEASE_EVENT,
    };
    for (device, name) in list.devices.iter().zip(&list.names) {
        let is_xtest = name.name.ends_with(XTEST);
        if device.device_use == DeviceUse::IS_X_EXTENSION_KEYBOARD && !is_xtest {
            keyboards.other.get_or_insert(device.device_id);
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
