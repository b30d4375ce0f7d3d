//! The screen's resolution, and another one where RandR can set it.

use x11rb::connection::Connection as _;
use x11rb::protocol::randr::{
    ConnectionExt as _, GetScreenResourcesCurrentReply, ModeInfo, Output, Rotation, SetConfig,
};
use x11rb::protocol::xproto::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use super::X11Error;
use crate::screen::Size;

/// Dots per inch that a screen claims to have whose real size nobody knows.
const DPI: u32 = 96;
/// Pictures per second of a mode of ours; nobody counts them on a display without a monitor.
const REFRESH: u32 = 60;

/// Whether the screen could have the size, as far as the server tells.
pub(super) fn allows(wire: &RustConnection, root: u32, size: Size) -> Result<bool, X11Error> {
    let range = wire.randr_get_screen_size_range(root)?.reply()?;
    let wide = u32::from(range.min_width)..=u32::from(range.max_width);
    let high = u32::from(range.min_height)..=u32::from(range.max_height);
    Ok(wide.contains(&size.width) && high.contains(&size.height))
}

/// Gives the screen another size, which [`allows`] has allowed. The first output that shows something shows all of it.
///
/// # Errors
/// [`X11Error::Request`] when the display cannot do it; then it is as it was, as far as the server lets it.
pub(super) fn set(wire: &RustConnection, root: u32, before: Size, size: Size) -> Result<(), X11Error> {
    let resources = wire.randr_get_screen_resources_current(root)?.reply()?;
    let (output, crtc, modes) = shown(wire, &resources)?;
    let known = resources.modes.iter().find(|mode| {
        modes.contains(&mode.id)
            && (u32::from(mode.width), u32::from(mode.height)) == (size.width, size.height)
    });
    let mode = match known {
        Some(mode) => mode.id,
        None => add_mode(wire, root, output, size)?,
    };
    let config = wire
        .randr_get_crtc_info(crtc, resources.config_timestamp)?
        .reply()?;
    let show = |mode, outputs: &[Output]| -> Result<(), X11Error> {
        let request = wire.randr_set_crtc_config(
            crtc,
            x11rb::CURRENT_TIME,
            x11rb::CURRENT_TIME,
            0,
            0,
            mode,
            Rotation::ROTATE0,
            outputs,
        )?;
        match request.reply()?.status {
            SetConfig::SUCCESS => Ok(()),
            status => Err(X11Error::Request(format!("SetCrtcConfig: {status:?}"))),
        }
    };
    let screen = |size: Size| -> Result<(), X11Error> {
        let [width, height] = [size.width, size.height].map(|pixels| (pixels * 254 / DPI).div_ceil(10));
        let request =
            wire.randr_set_screen_size(root, size.width as u16, size.height as u16, width, height)?;
        Ok(request.check()?)
    };
    // Nobody sees the screen in between, nor where nothing shows it.
    wire.grab_server()?;
    // What an output shows must lie in the screen, before and after.
    let done = show(x11rb::NONE, &[])
        .and_then(|()| screen(size))
        .and_then(|()| show(mode, &[output]));
    if done.is_err() {
        // The first error is the one to tell.
        let _ = screen(before).and_then(|()| show(config.mode, &config.outputs));
    }
    wire.ungrab_server()?;
    // Everybody else on the display waits for it.
    wire.flush()?;
    done
}

/// The first output that shows something, by what, and the modes that it can.
fn shown(
    wire: &RustConnection,
    resources: &GetScreenResourcesCurrentReply,
) -> Result<(Output, u32, Vec<u32>), X11Error> {
    for output in &resources.outputs {
        let info = wire
            .randr_get_output_info(*output, resources.config_timestamp)?
            .reply()?;
        if info.crtc != x11rb::NONE {
            return Ok((*output, info.crtc, info.modes));
        }
    }
    Err(X11Error::Request("no output shows the screen".into()))
}

fn add_mode(wire: &RustConnection, root: u32, output: Output, size: Size) -> Result<u32, X11Error> {
    let name = format!("gatehand-{}x{}", size.width, size.height);
    let (width, height) = (size.width as u16, size.height as u16);
    let mode = ModeInfo {
        width,
        height,
        dot_clock: size.width * size.height * REFRESH,
        hsync_start: width,
        hsync_end: width,
        htotal: width,
        vsync_start: height,
        vsync_end: height,
        vtotal: height,
        name_len: name.len() as u16,
        ..ModeInfo::default()
    };
    let mode = wire.randr_create_mode(root, mode, name.as_bytes())?.reply()?.mode;
    wire.randr_add_output_mode(output, mode)?.check()?;
    Ok(mode)
}
