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
    let kept = loop {
        match write::write(wire, &file, &settings) {
            // What was answered is kept: a folder may be mended in another terminal.
            Err(error) if asker.is_person() => {
                asker.missing(&error.to_string());
                if !asker.agrees("try to write it again").await? {
                    return Err(error);
                }
            }
            outcome => break outcome?,
        }
    };
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
    // What only flags can say is checked before anything is asked.
    let mut settings = Settings {
        model: args.model.clone(),
        api_url: args.api_url.clone(),
        ..Settings::default()
    };
    write::check_answers(wire, &settings)?;
    settings.store = asker
        .part(
            (
                "--store",
                "store: a postgres:// or sqlite:// URL, or nothing for a file of its own",
            ),
            args.store.clone(),
            async |url| {
                trial::store_url(url)?;
                accepted(wire, |settings| url.clone_into(&mut settings.store))?;
                trial::store(url, paths).await
            },
        )
        .await?;
    settings.redis = asker
        .part(
            ("--redis", "Redis: a redis:// URL, or nothing"),
            args.redis.clone(),
            async |url| {
                let found = trial::redis(url).await?;
                accepted(wire, |settings| url.clone_into(&mut settings.redis)).map(|()| found)
            },
        )
        .await?;
    settings.chroma = asker
        .part(
            (
                "--chroma",
                "Chroma: an http:// URL, or nothing for full text",
            ),
            args.chroma.clone(),
            async |url| {
                let found = trial::chroma(url).await?;
                accepted(wire, |settings| url.clone_into(&mut settings.chroma)).map(|()| found)
            },
        )
        .await?;
    settings.ollama = model_place(wire, asker, args).await?;
    connect(wire, asker, args, &mut settings).await?;
    Ok(settings)
}

/// Refuses an answer that the configuration would be refused for.
fn accepted(wire: &Wire, set: impl FnOnce(&mut Settings)) -> Result<(), Error> {
    let mut settings = Settings::default();
    set(&mut settings);
    write::check_answers(wire, &settings)
}

/// Finds out where the model is; none: the usual place.
async fn model_place(
    wire: &Wire,
    asker: &Asker<'_>,
    args: &InitArgs,
) -> Result<Option<String>, Error> {
    let defaults = config::Config::default().llm;
    let model = args.model.clone().unwrap_or_else(|| defaults.model.clone());
    if args.ollama.is_none() {
        match trial::ollama(&defaults.url, &model).await {
            Ok(found) => {
                asker.found(&found);
                return Ok(None);
            }
            Err(error) => {
                asker.missing(&format!("{error}; briefs are facts only until it is there"));
                if !asker.is_person() {
                    return Ok(None);
                }
            }
        }
    }
    let url = asker
        .part(
            ("--ollama", "Ollama elsewhere: an http:// URL, or nothing"),
            args.ollama.clone(),
            async |url| {
                let found = trial::ollama(url, &model).await?;
                accepted(wire, |settings| settings.ollama = Some(url.to_owned())).map(|()| found)
            },
        )
        .await?;
    Ok((args.ollama.is_some() || !url.is_empty()).then_some(url))
}

/// Connects the bot, if there is to be one; a person may try again, or go on without.
async fn connect(
    wire: &Wire,
    asker: &Asker<'_>,
    args: &InitArgs,
    settings: &mut Settings,
) -> Result<(), Error> {
    let mut given = args.telegram_token.as_deref();
    loop {
        let token = asker.token(given.take()).await?;
        if token.is_empty() {
            if args.admin.is_some() && !asker.is_person() {
                return Err(Error::invalid(
                    "`--admin` needs the bot's token as well: `--telegram-token -` reads it from standard input",
                ));
            }
            return Ok(());
        }
        let outcome = match accepted(wire, |settings| settings.token.clone_from(&token)) {
            Ok(()) => bot(wire, asker, args, (&mut *settings, token)).await,
            Err(error) => Err(error),
        };
        match outcome {
            Err(error) if asker.is_person() && args.telegram_token.as_deref() != Some("-") => {
                asker.missing(&error.to_string());
            }
            outcome => return outcome,
        }
    }
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
    loop {
        match claim(wire, asker, &telegram, &name).await {
            Ok(admin) => {
                settings.admins = vec![admin];
                return Ok(());
            }
            Err(error) if asker.is_person() => {
                asker.missing(&error.to_string());
                if !asker
                    .agrees("a new code (no: go on, and set `telegram.admins` later)")
                    .await?
                {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// Waits for the person who sends the code.
async fn claim(
    wire: &Wire,
    asker: &Asker<'_>,
    telegram: &config::Telegram,
    name: &str,
) -> Result<u64, Error> {
    let code: String = agent::ids::ticket().chars().take(CODE_LENGTH).collect();
    wire.output.remark(&format!(
        "send this to {name} in a private chat within {} min, from your own account:\n\n    /start {code}\n\nwhoever sends it becomes the admin; Ctrl-C ends this and writes nothing",
        CLAIM.as_secs() / 60
    ));
    let admin = bot::claim_admin(telegram, &code, CLAIM)
        .await
        .map_err(|error| Error::conflict(error.to_string()))?;
    asker.found(&format!("the first admin is user {admin}"));
    Ok(admin)
}
