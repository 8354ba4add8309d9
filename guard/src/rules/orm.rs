//! Object mappers and migration tools: the commands that reset a database.

use super::table::{self, Row, row, with};
use super::{Field, Finding, RuleDoc, View};
use crate::Verdict;

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
    row(&["prisma"], &["db", "execute"], "orm.revert"),
    with(
        &["drizzle-kit"],
        &["push|push:pg|push:mysql|push:sqlite"],
        &["--force"],
        "orm.push-force",
    ),
    row(&["drizzle-kit"], &["drop"], "orm.revert"),
    row(&["supabase"], &["db", "reset"], "orm.reset"),
    row(
        &["supabase"],
        &["projects|branches|functions|secrets", "delete|unset"],
        "orm.reset",
    ),
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
            "db:drop|db:reset|db:migrate:reset|db:schema:load|db:drop:all|db:truncate_all|db:purge|db:setup|db:seed:replant",
        ],
        "orm.reset",
    ),
    row(
        &["rails", "rake"],
        &["db:rollback|db:migrate:down"],
        "orm.revert",
    ),
    row(
        &["manage.py", "django-admin"],
        &["flush|reset_db|sqlflush"],
        "orm.reset",
    ),
    row(
        &["python", "python3", "python2"],
        &["manage.py|./manage.py", "flush|reset_db"],
        "orm.reset",
    ),
    row(&["alembic"], &["downgrade"], "orm.revert"),
    row(&["flask"], &["db", "downgrade"], "orm.revert"),
    row(&["flyway"], &["clean"], "orm.reset"),
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
    row(&["mix"], &["ecto.drop|ecto.reset"], "orm.reset"),
    row(&["mix"], &["ecto.rollback"], "orm.revert"),
    row(
        &["artisan"],
        &["migrate:fresh|migrate:refresh|migrate:reset|db:wipe"],
        "orm.reset",
    ),
    row(
        &["php"],
        &[
            "artisan|./artisan",
            "migrate:fresh|migrate:refresh|migrate:reset|db:wipe",
        ],
        "orm.reset",
    ),
    row(
        &["php"],
        &["artisan|./artisan", "migrate:rollback"],
        "orm.revert",
    ),
    row(
        &["php"],
        &["bin/console", "doctrine:database:drop|doctrine:schema:drop"],
        "orm.reset",
    ),
    row(&["dotnet"], &["ef", "database", "drop"], "orm.reset"),
    row(&["goose", "dbmate"], &["reset|drop|down"], "orm.revert"),
    row(&["migrate"], &["drop|down"], "orm.revert"),
    row(
        &["gitlab-rake"],
        &["gitlab:backup:restore|gitlab:setup"],
        "orm.reset",
    ),
    row(&["convex"], &["import"], "orm.revert"),
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    table::judge(view, ROWS, RULES, findings);
}
