//! Object mappers and migration tools: the commands that reset a database.

use super::databases::{client, stores::without_strings};
use super::table::{self, Row, row, with};
use super::{Field, Finding, RuleDoc, View, report, report_as, rule};
use crate::Verdict;
use crate::run::base_name;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "orm.reset",
        field: "orm",
        severity: Verdict::Deny,
        reason: "This drops the database that the project is configured for and builds it anew, without its data.",
        alternative: "Write a forward migration; for a test database, name it by its own URL and let a person run it.",
    },
    RuleDoc {
        id: "orm.push-force",
        field: "orm",
        severity: Verdict::Deny,
        reason: "This makes the schema fit by force and drops columns and tables that do not.",
        alternative: "Generate a migration, read it, and apply it.",
    },
    RuleDoc {
        id: "orm.revert",
        field: "orm",
        severity: Verdict::Ask,
        reason: "Reverting a migration drops what it had made, with its data.",
        alternative: "Write a forward migration.",
    },
    RuleDoc {
        id: "orm.sync",
        field: "orm",
        severity: Verdict::Ask,
        reason: "This makes the schema fit the code at once, and may drop columns and tables.",
        alternative: "Generate a migration, read it, and apply it.",
    },
    RuleDoc {
        id: "orm.replace",
        field: "orm",
        severity: Verdict::Ask,
        reason: "This empties tables, or replaces what is in them by what it loads.",
        alternative: "Load into a new database, or add to what is there.",
    },
    RuleDoc {
        id: "orm.wipe",
        field: "orm",
        severity: Verdict::Deny,
        reason: "This code deletes every row of a model.",
        alternative: "Filter the rows, and count them first.",
    },
];

const ROWS: &[Row] = &[
    row(&["prisma"], &["migrate", "reset"], "orm.reset"),
    with(
        &["prisma"],
        &["db", "push"],
        &["--force-reset"],
        "orm.reset",
    ),
    with(
        &["prisma"],
        &["db", "push"],
        &["--accept-data-loss"],
        "orm.push-force",
    ),
    with(&["prisma"], &["db", "execute"], &["--file"], "orm.sync"),
    with(
        &["drizzle-kit"],
        &["push|push:pg|push:mysql|push:sqlite"],
        &["--force"],
        "orm.push-force",
    ),
    row(&["drizzle-kit"], &["drop"], "orm.revert"),
    row(&["supabase"], &["db", "reset"], "orm.reset"),
    row(&["supabase"], &["projects|branches", "delete"], "orm.reset"),
    row(&["supabase"], &["migration", "down|repair"], "orm.revert"),
    row(&["sequelize", "sequelize-cli"], &["db:drop"], "orm.reset"),
    row(
        &["sequelize", "sequelize-cli"],
        &["db:migrate:undo|db:migrate:undo:all|db:seed:undo:all"],
        "orm.revert",
    ),
    row(
        &["typeorm", "typeorm-ts-node-commonjs", "typeorm-ts-node-esm"],
        &["schema:drop"],
        "orm.reset",
    ),
    row(
        &["typeorm", "typeorm-ts-node-commonjs", "typeorm-ts-node-esm"],
        &["migration:revert"],
        "orm.revert",
    ),
    row(
        &["mikro-orm"],
        &["schema:drop|schema:fresh|migration:fresh"],
        "orm.reset",
    ),
    row(&["knex"], &["migrate:rollback|migrate:down"], "orm.revert"),
    row(
        &["rails", "rake"],
        &[
            "db:drop|db:reset|db:migrate:reset|db:schema:load|db:drop:all|db:truncate_all|db:purge|db:structure:load",
        ],
        "orm.reset",
    ),
    row(
        &["rails", "rake"],
        &["db:rollback|db:migrate:down|db:migrate:redo"],
        "orm.revert",
    ),
    row(
        &["rails", "rake"],
        &["db:migrate", "VERSION=0"],
        "orm.revert",
    ),
    row(
        &["rails", "rake"],
        &["db:seed:replant|db:setup|db:fixtures:load"],
        "orm.replace",
    ),
    row(
        &["manage.py", "django-admin"],
        &["flush|reset_db|reset_schema"],
        "orm.reset",
    ),
    row(&["alembic"], &["downgrade"], "orm.revert"),
    row(&["flask"], &["db", "downgrade"], "orm.revert"),
    row(&["flyway"], &["clean"], "orm.reset"),
    row(&["flyway"], &["undo"], "orm.revert"),
    row(
        &["gradle", "gradlew"],
        &["flywayClean|dropAll"],
        "orm.reset",
    ),
    row(
        &["gradle", "gradlew"],
        &["flywayUndo|rollbackCount"],
        "orm.revert",
    ),
    row(&["liquibase"], &["drop-all|dropall"], "orm.reset"),
    row(
        &["liquibase"],
        &["rollback|rollback-count|rollback-to-date"],
        "orm.revert",
    ),
    row(&["sqlx"], &["database|db", "drop|reset"], "orm.reset"),
    row(&["sqlx"], &["migrate", "revert"], "orm.revert"),
    row(
        &["cargo"],
        &["sqlx", "database|db", "drop|reset"],
        "orm.reset",
    ),
    row(&["diesel"], &["database|db", "reset|drop"], "orm.reset"),
    row(&["diesel"], &["migration", "revert|redo"], "orm.revert"),
    row(
        &["sea-orm-cli"],
        &["migrate", "fresh|refresh|reset"],
        "orm.reset",
    ),
    row(&["sea-orm-cli"], &["migrate", "down"], "orm.revert"),
    row(&["mix"], &["ecto.drop|ecto.reset"], "orm.reset"),
    row(&["mix"], &["ecto.rollback"], "orm.revert"),
    row(
        &["artisan"],
        &["migrate:fresh|migrate:refresh|migrate:reset|db:wipe"],
        "orm.reset",
    ),
    row(&["artisan"], &["migrate:rollback"], "orm.revert"),
    row(
        &["console", "doctrine"],
        &[
            "doctrine:database:drop|doctrine:schema:drop|orm:schema-tool:drop|dbal:database:drop|doctrine:mongodb:schema:drop",
        ],
        "orm.reset",
    ),
    with(
        &["console", "doctrine"],
        &["doctrine:schema:update|orm:schema-tool:update"],
        &["--force"],
        "orm.sync",
    ),
    row(
        &["console"],
        &["doctrine:migrations:migrate", "first|prev|0"],
        "orm.revert",
    ),
    with(
        &["console"],
        &["doctrine:migrations:execute"],
        &["--down"],
        "orm.revert",
    ),
    row(&["phinx", "cake"], &["rollback"], "orm.revert"),
    row(&["cake"], &["migrations", "rollback|reset"], "orm.revert"),
    row(&["spark"], &["migrate:refresh"], "orm.reset"),
    row(&["spark"], &["migrate:rollback"], "orm.revert"),
    row(
        &["ace"],
        &["migration:fresh|migration:refresh|migration:reset|db:wipe|db:truncate"],
        "orm.reset",
    ),
    row(&["ace"], &["migration:rollback"], "orm.revert"),
    row(
        &["payload"],
        &["migrate:fresh|migrate:refresh|migrate:reset"],
        "orm.reset",
    ),
    row(&["payload"], &["migrate:down"], "orm.revert"),
    row(
        &["kysely", "medusa"],
        &["migrate:down|migrate:rollback|db:rollback"],
        "orm.revert",
    ),
    row(&["node-pg-migrate"], &["down|redo"], "orm.revert"),
    row(&["db-migrate"], &["reset|db:drop"], "orm.reset"),
    row(&["db-migrate", "migrate-mongo"], &["down"], "orm.revert"),
    with(&["strapi"], &["import"], &["--force"], "orm.replace"),
    row(&["aerich"], &["downgrade"], "orm.revert"),
    row(&["piccolo"], &["migrations", "backwards"], "orm.revert"),
    row(&["yoyo"], &["rollback|reapply"], "orm.revert"),
    row(&["buffalo"], &["pop", "drop|reset"], "orm.reset"),
    row(&["soda"], &["drop|reset"], "orm.reset"),
    row(&["soda", "buffalo"], &["migrate|pop", "down"], "orm.revert"),
    row(&["hanami"], &["db", "drop|reset"], "orm.reset"),
    row(&["hanami"], &["db", "rollback"], "orm.revert"),
    with(&["sequel"], &[], &["-M"], "orm.revert"),
    row(&["lein"], &["migratus", "reset"], "orm.reset"),
    row(
        &["lein"],
        &["migratus", "rollback|down|rollback-until-just-after"],
        "orm.revert",
    ),
    row(&["atlas"], &["schema", "clean"], "orm.reset"),
    with(
        &["atlas"],
        &["schema", "apply"],
        &["--auto-approve"],
        "orm.sync",
    ),
    row(&["atlas"], &["migrate", "down"], "orm.revert"),
    row(&["sqitch"], &["revert|rebase"], "orm.revert"),
    row(&["dotnet"], &["ef", "database", "drop"], "orm.reset"),
    row(
        &["dotnet"],
        &["ef", "database", "update", "0"],
        "orm.revert",
    ),
    with(
        &["dotnet"],
        &["ef", "migrations", "remove"],
        &["--force", "-f"],
        "orm.revert",
    ),
    with(
        &["hasura"],
        &["migrate", "apply"],
        &["--down"],
        "orm.revert",
    ),
    row(&["hasura"], &["migrate", "delete"], "orm.revert"),
    row(&["hasura"], &["metadata", "clear"], "orm.replace"),
    row(
        &["typeorm", "typeorm-ts-node-commonjs", "typeorm-ts-node-esm"],
        &["schema:sync"],
        "orm.sync",
    ),
    with(&["mikro-orm"], &["schema:update"], &["--run"], "orm.sync"),
    row(&["mikro-orm"], &["migration:down"], "orm.revert"),
    row(&["dbmate"], &["drop"], "orm.reset"),
    row(&["dbmate"], &["down|rollback"], "orm.revert"),
    row(&["migrate"], &["drop"], "orm.reset"),
    row(&["migrate"], &["down"], "orm.revert"),
    row(
        &["gitlab-rake"],
        &["gitlab:backup:restore|gitlab:setup"],
        "orm.reset",
    ),
    with(
        &["convex"],
        &["import"],
        &["--replace", "--replace-all"],
        "orm.replace",
    ),
];

/// Programs that run the tool named after them.
const LAUNCHERS: &[&str] = &[
    "python", "python2", "python3", "php", "node", "ruby", "sail", "npm", "yarn", "pnpm", "bun",
    "uv", "poetry",
];
/// Tools that are started by their file or by a script of the same name.
const LAUNCHED: &[&str] = &[
    "manage.py",
    "artisan",
    "console",
    "spark",
    "ace",
    "rails",
    "prisma",
    "drizzle-kit",
    "sequelize",
    "sequelize-cli",
    "typeorm",
    "knex",
    "mikro-orm",
    "payload",
    "phinx",
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    if view.is(LAUNCHERS) {
        let at = view
            .run
            .argv
            .iter()
            .take(6)
            .position(|arg| LAUNCHED.contains(&base_name(&arg.text).as_str()));
        if let Some(at) = at {
            let mut run = view.run.clone();
            run.argv.drain(..at);
            // What comes after `npm run tool --` is the tool's.
            run.argv.retain(|arg| arg.text != "--");
            let program = run.program();
            tool(
                &View {
                    run: &run,
                    all: view.all,
                    program,
                    facts: view.facts,
                    known: view.known,
                },
                findings,
            );
        }
    }
    tool(view, findings);
}

fn tool(view: &View<'_>, findings: &mut Vec<Finding>) {
    let for_tests = view.args().iter().any(|arg| {
        matches!(
            arg.text.as_str(),
            "--env=test" | "--env=testing" | "RAILS_ENV=test" | "RACK_ENV=test"
        )
    }) || in_test_environment(view);
    if for_tests {
        return;
    }
    table::judge(view, ROWS, RULES, findings);
    if view.program == "sdk-call"
        && matches!(view.words().first(), Some(&("delete_all" | "destroy_all")))
    {
        let found = rule(RULES, "orm.wipe");
        report_as(findings, found, Verdict::Ask, found.reason.to_owned());
    }
    let words = view.words();
    let any = |names: &[&str]| words.iter().any(|word| names.contains(word));
    let id = match view.program.as_str() {
        // The driver and the address of the database may come first.
        "goose" if !any(&["create", "up", "status"]) => {
            if any(&["reset"]) {
                "orm.reset"
            } else if any(&["down", "down-to", "redo"]) {
                "orm.revert"
            } else {
                return;
            }
        }
        "mvn" | "mvnw" if any(&["flyway:clean", "liquibase:dropAll"]) => "orm.reset",
        "mvn" | "mvnw" if any(&["flyway:undo", "liquibase:rollback"]) => "orm.revert",
        "mix"
            if words.first() == Some(&"do")
                && words.iter().any(|word| {
                    matches!(word.trim_end_matches(','), "ecto.drop" | "ecto.reset")
                }) =>
        {
            "orm.reset"
        }
        "manage.py" | "django-admin"
            if words.first() == Some(&"migrate") && words.get(2) == Some(&"zero") =>
        {
            "orm.revert"
        }
        "console"
            if words.first() == Some(&"doctrine:fixtures:load") && !view.has_word("--append") =>
        {
            "orm.replace"
        }
        "manage.py" | "artisan" | "console" | "rails"
            if matches!(
                words.first(),
                Some(&("shell" | "shell_plus" | "tinker" | "runner"))
            ) && view.args().iter().any(|arg| wipes(&arg.text)) =>
        {
            "orm.wipe"
        }
        _ => return,
    };
    report(findings, rule(RULES, id));
}

/// Whether what is set on the line says that a database of tests is meant.
fn in_test_environment(view: &View<'_>) -> bool {
    let environments = [
        "RAILS_ENV",
        "RACK_ENV",
        "NODE_ENV",
        "APP_ENV",
        "MIX_ENV",
        "HANAMI_ENV",
        "DJANGO_ENV",
        "FLASK_ENV",
    ];
    match view.run.variable(&["DATABASE_URL"]) {
        // The address decides where both are set.
        Some(url) => client::is_test_address(url),
        None => matches!(
            view.run.variable(&environments),
            Some("test" | "testing" | "ci")
        ),
    }
}

/// Whether code deletes every row of a model.
fn wipes(code: &str) -> bool {
    let calls = without_strings(code);
    [
        ".objects.all().delete()",
        "::truncate()",
        "::query()->delete()",
        "::all()->each->delete()",
    ]
    .iter()
    .any(|call| calls.contains(call))
        && !calls.contains(".where(")
}
