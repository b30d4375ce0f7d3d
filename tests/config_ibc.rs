//! IBC's `config.ini`, unchanged.

mod common;

use std::fs;
use std::path::Path;

use common::settings::{look, one, user};
use gatehand::config::{
    AcceptIncoming, CryptoOrders, DayEnd, ExistingSession, ResetAnswer, SizesNotice, Sources, TradingMode,
};

/// Every key that IBC knows, with its comments and escapes.
const CONFIG_INI: &str = r"# IBC configuration
! the other kind of comment
   # an indented one

FIX=no
IbLoginId = user
IbPassword=p\\a\u0073s\=wo\
          rd\ #1
FIXLoginId=fix
FIXPassword:fix password
SecondFactorDevice=IB Key (Pixel)
SecondFactorAuthenticationTimeout=240
ReloginAfterSecondFactorAuthenticationTimeout=yes
SecondFactorAuthenticationExitInterval=45
ExitAfterSecondFactorAuthenticationTimeout=yes
TradingMode	live
AcceptNonBrokerageAccountWarning=no
LoginDialogDisplayTimeout=90
IbDir=/opt/ibc/settings
StoreSettingsOnServer=yes
MinimizeMainWindow=yes
ExistingSessionDetectedAction=secondary
OverrideTwsApiPort=4101
OverrideTwsMasterClientID=3
ReadOnlyLogin=yes
ReadOnlyApi=no
SendMarketDataInLotsForUSstocks=no
AcceptBidAskLastSizeDisplayUpdateNotification=defer
BypassOrderPrecautions=yes
BypassBondWarning=no
BypassNegativeYieldToWorstConfirmation=yes
BypassCalledBondWarning=no
BypassSameActionPairTradeWarning=yes
BypassPriceBasedVolatilityRiskWarning=no
BypassUSStocksMarketDataInSharesWarning=yes
BypassRedirectOrderWarning=no
BypassNoOverfillProtectionPrecaution=yes
AutoLogoffTime=11:45 PM
AutoRestartTime=08:05 AM
ColdRestartTime=05:30
ClosedownAt=Friday 22:00
AllowBlindTrading=yes
AcceptIncomingConnectionAction=reject
ConfirmCryptoCurrencyOrders=cancel
ResetOrderIdsAtStart=yes
ConfirmOrderIdReset=confirm/reject
ShowAllTrades=yes
SaveTwsSettingsAt=Every 30 mins
DismissPasswordExpiryWarning=yes
DismissNSEComplianceNotice=no
CommandServerPort=7462
ControlFrom=127.0.0.1
BindAddress=127.0.0.1
CommandPrompt=>
SuppressInfoMessages=no
LogStructureScope=all
LogStructureWhen=open
IncludeStackTraceForExceptions=yes
# a key that stands twice counts where it stands last
AllowBlindTrading=no
";

#[test]
fn ibcs_own_file_with_every_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.ini");
    for text in [CONFIG_INI.to_owned(), CONFIG_INI.replace('\n', "\r\n")] {
        fs::write(&path, text).unwrap();
        let (config, told) = one(look(&[("GATEHAND_IBC_INI", path.to_str().unwrap())], |_| {}));
        assert_eq!(user(&config), Some(("user", r"p\ass=word #1")));
        assert!(!config.fix && config.data_credentials.is_none());
        assert_eq!(config.mode, TradingMode::Live);
        let factor = &config.second_factor;
        assert_eq!(factor.device.as_deref(), Some("IB Key (Pixel)"));
        assert_eq!((factor.limit.as_secs(), factor.grace.as_secs()), (240, 45));
        assert!(factor.relogin && factor.read_only_login);
        assert_eq!(config.gateway.settings_path, Path::new("/opt/ibc/settings"));
        assert_eq!(
            (config.gateway.api_port, config.options.socket_port),
            (4101, Some(4101))
        );
        let dialogs = &config.dialogs;
        assert_eq!(dialogs.existing_session, ExistingSession::Secondary);
        assert_eq!(dialogs.accept_incoming, AcceptIncoming::Reject);
        assert_eq!(dialogs.sizes_notice, SizesNotice::Defer);
        assert_eq!(dialogs.crypto_orders, CryptoOrders::Cancel);
        assert_eq!(dialogs.confirm_order_id_reset.at_start, ResetAnswer::Confirm);
        assert_eq!(dialogs.confirm_order_id_reset.by_user, ResetAnswer::Reject);
        assert!(!dialogs.accept_paper_notice && !dialogs.allow_blind_trading && !dialogs.dismiss_nse_notice);
        assert!(dialogs.dismiss_password_expiry);
        assert_eq!(dialogs.login_window_limit.as_secs(), 90);
        let options = &config.options;
        assert_eq!(
            (options.read_only_api, options.master_client_id),
            (Some(false), Some(3))
        );
        assert_eq!(options.market_data_in_lots, Some(false));
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(options.precautions, [yes, no, yes, no, yes, no, yes, no, yes]);
        assert!(options.reset_order_ids);
        let cold = config.schedule.cold_restart;
        assert_eq!(cold.map(|time| (time.hour(), time.minute())), Some((5, 30)));
        assert_eq!(config.schedule.saves.len(), 48);
        let commands = config.command_server.as_ref().unwrap();
        assert_eq!(commands.listen.to_string(), "127.0.0.1:7462");
        assert_eq!(commands.control_from, ["127.0.0.1"]);
        assert_eq!((commands.prompt.as_str(), commands.quiet), (">", false));
        let closed = config.schedule.closed_down.map(|at| (at.day, at.time.hour()));
        assert_eq!(closed, Some((Some(jiff::civil::Weekday::Friday), 22)));
        assert!(matches!(options.day_end, Some(DayEnd::Restart(time)) if time.twelve_hours() == "08:05"));
        let mut told = told;
        told.sort();
        assert_eq!(
            told,
            [
                "ExitAfterSecondFactorAuthenticationTimeout",
                "IncludeStackTraceForExceptions",
                "LogStructureScope",
                "LogStructureWhen",
                "MinimizeMainWindow",
                "ShowAllTrades",
                "StoreSettingsOnServer",
            ]
        );
    }
}

/// The image with `TWS_USERID` leaves a mounted `config.ini` as it is when told so.
#[test]
fn a_custom_config_is_the_mounted_file_of_ibc() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap().to_owned();
    let at_home = |sources: &mut Sources| sources.environment[0].1 = (&home).into();
    let custom = ("CUSTOM_CONFIG", "YES");
    let error = look(&[custom], at_home).finish().unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("CUSTOM_CONFIG: cannot read {home}/ibc/config.ini: ")),
        "{error}"
    );

    fs::create_dir(folder.path().join("ibc")).unwrap();
    fs::write(
        folder.path().join("ibc/config.ini"),
        "IbLoginId=mounted\nIbPassword=p\n",
    )
    .unwrap();
    let (config, told) = one(look(&[custom], at_home));
    assert_eq!(user(&config), Some(("mounted", "p")));
    assert!(config.gateway.keeps_jts_ini && told.is_empty(), "{told:?}");
    assert_eq!(config.ibc_ini, Some(folder.path().join("ibc/config.ini")));
    let (config, _) = one(look(&[("CUSTOM_CONFIG", "no")], at_home));
    assert!(config.credentials.is_none() && !config.gateway.keeps_jts_ini);

    let other = folder.path().join("other.ini");
    fs::write(&other, "TradingMode=live\n").unwrap();
    let (config, _) = one(look(
        &[custom, ("GATEHAND_IBC_INI", other.to_str().unwrap())],
        at_home,
    ));
    assert!(
        config.mode == TradingMode::Live && config.credentials.is_none(),
        "another that is named counts"
    );
}

#[test]
fn ibcs_defaults_where_they_are_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.ini");
    fs::write(&path, "ExistingSessionDetectedAction=\nFIX=yes\nFIXLoginId=fix\nFIXPassword=f\nIbLoginId=data\nIbPassword=d\n").unwrap();
    let ini = ("GATEHAND_IBC_INI", path.to_str().unwrap());
    let (config, _) = one(look(&[ini], |_| {}));
    assert_eq!(config.dialogs.existing_session, ExistingSession::Manual);
    assert_eq!(user(&config), Some(("fix", "f")));
    assert_eq!(config.data_credentials.unwrap().user, "data");
    let (config, _) = one(look(
        &[ini, ("EXISTING_SESSION_DETECTED_ACTION", "primary")],
        |_| {},
    ));
    assert_eq!(config.dialogs.existing_session, ExistingSession::Primary);
}
