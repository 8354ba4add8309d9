//! `fjord init`: asks or takes flags, tries each part, writes the configuration.

mod ask;
mod service;
mod trial;
mod write;

use std::process::ExitCode;
use std::time::Duration;

use agent::Error;
use config::{Paths, SecretString};

use crate::argv::InitArgs;
use crate::interrupt::Interrupts;
use crate::output::{mark, marked};
use crate::wire::Wire;

use ask::Asker;
use write::Settings;

/// How long the first admin has to send the code.
const CLAIM: Duration = Duration::from_mins(5);
/// Digits of the code: short to type, and too many to guess in the time.
const CODE_LENGTH: usize = 10;

/// Sets Fjord up. Ctrl-C leaves everything as it was.
pub(crate) async fn run(wire: &Wire, args: InitArgs) -> Result<ExitCode, Error> {
    let mut interrupts = Interrupts::listen()?;
    tokio::select! {
        outcome = set_up(wire, args) => outcome,
        () = interrupts.next() => Err(Error::conflict("stopped; nothing was written")),
    }
}

async fn set_up(wire: &Wire, args: InitArgs) -> Result<ExitCode, Error> {
    let paths = Paths::from(&wire.environment);
    let file = wire
        .config_file
        .clone()
        .unwrap_or_else(|| paths.config_file.clone());
    let file = crate::wire::absolute(&file)?;
    if file.exists() && !args.force {
        return Err(Error::conflict(format!(
            "{} is there already; change it, or write it anew with `fjord init --force` (the old one is kept)",
            file.display()
        )));
    }
    let asker = Asker::new(wire, args.yes)?;
    let settings = gather(wire, (&asker, &args), &paths).await?;
    let kept = write::write(wire, &file, &settings)?;
    let unit = service::write(wire, &asker, &args).await?;
    if wire.output.json {
        wire.output.document(&serde_json::json!({
            "written": file,
            "kept": kept,
            "service": unit,
            "admins": settings.admins,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = format!("{} {}", marked(mark::GOOD, "written:"), file.display());
    if let Some(kept) = kept {
        text.push_str(&format!("\nthe old one is kept as {}", kept.display()));
    }
    text.push_str(
        "\nnext: `fjord doctor`, then `fjord up`; `fjord hooks install` connects the coding agent",
    );
    wire.output.text(&text);
    Ok(ExitCode::SUCCESS)
}

async fn gather(
    wire: &Wire,
    (asker, args): (&Asker<'_>, &InitArgs),
    paths: &Paths,
) -> Result<Settings, Error> {
    let store = asker
        .part(
            args.store.clone(),
            "store: a postgres:// URL, or nothing for a file of its own",
            async |url| trial::store(url, paths).await,
        )
        .await?;
    let redis = asker
        .part(
            args.redis.clone(),
            "Redis: a redis:// URL, or nothing",
            async |url| trial::redis(url).await,
        )
        .await?;
    let chroma = asker
        .part(
            args.chroma.clone(),
            "Chroma: an http:// URL, or nothing for full text",
            async |url| trial::chroma(url).await,
        )
        .await?;
    let defaults = config::Config::default().llm;
    let mut settings = Settings {
        store,
        redis,
        chroma,
        model: args.model.clone(),
        api_url: args.api_url.clone(),
        ..Settings::default()
    };
    let model = args.model.clone().unwrap_or_else(|| defaults.model.clone());
    if let Some(url) = &args.ollama {
        settings.ollama = Some(
            asker
                .part(Some(url.clone()), "", async |url| {
                    trial::ollama(url, &model).await
                })
                .await?,
        );
    } else {
        match trial::ollama(&defaults.url, &model).await {
            Ok(found) => asker.found(&found),
            Err(error) => {
                asker.missing(&format!("{error}; briefs are facts only until it is there"));
                if asker.is_person() {
                    let url = asker
                        .part(
                            None,
                            "Ollama elsewhere: an http:// URL, or nothing",
                            async |url| trial::ollama(url, &model).await,
                        )
                        .await?;
                    settings.ollama = (!url.is_empty()).then_some(url);
                }
            }
        }
    }
    let token = asker.token(args.telegram_token.as_deref()).await?;
    if !token.is_empty() {
        bot(wire, asker, args, (&mut settings, token)).await?;
    } else if args.admin.is_some() {
        return Err(Error::invalid(
            "`--admin` needs the bot's token as well: `--telegram-token -` reads it from standard input",
        ));
    }
    Ok(settings)
}

/// Tries the token, and finds out who the first admin is.
async fn bot(
    wire: &Wire,
    asker: &Asker<'_>,
    args: &InitArgs,
    (settings, token): (&mut Settings, String),
) -> Result<(), Error> {
    let mut telegram = config::Config::default().telegram;
    telegram.token = SecretString::from(token.clone());
    if let Some(url) = &args.api_url {
        telegram.api_url.clone_from(url);
    }
    let (name, took) = bot::check(&telegram)
        .await
        .map_err(|error| Error::unavailable("telegram", error.to_string()))?;
    asker.found(&format!(
        "Telegram: the bot is {name} ({} ms)",
        took.as_millis()
    ));
    settings.token = token;
    if let Some(admin) = args.admin {
        settings.admins = vec![admin];
        return Ok(());
    }
    if args.yes && !asker.is_person() && args.admin.is_none() {
        wire.output.remark(&format!(
            "{} no admin yet: the bot answers nobody until an id stands in `telegram.admins`; `--admin USER_ID` sets it",
            marked(mark::WARN, "note:")
        ));
        return Ok(());
    }
    let code: String = agent::ids::ticket().chars().take(CODE_LENGTH).collect();
    wire.output.remark(&format!(
        "send this to {name} in a private chat within {} min, from your own account:\n\n    /start {code}\n\nwhoever sends it becomes the admin; Ctrl-C ends this and writes nothing",
        CLAIM.as_secs() / 60
    ));
    let admin = bot::claim_admin(&telegram, &code, CLAIM)
        .await
        .map_err(|error| Error::conflict(error.to_string()))?;
    asker.found(&format!("the first admin is user {admin}"));
    settings.admins = vec![admin];
    Ok(())
}
