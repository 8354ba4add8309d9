//! The programs that change the infrastructure, and by which verbs.

/// Parts of a name of a container or unit that are not the service's name.
pub(super) const NAME_ENDS: &[&str] = &[".service", ".socket", ".timer"];
/// Words that only try.
pub(super) const ONLY_TRIES: &[&str] = &[
    "--help",
    "--dry-run",
    "--version",
    "--check",
    "--diff-only",
    "--plan",
];

/// Programs with the verbs that change something, and the word for it. An empty verb: whatever it is called with.
pub(super) const VERBS: &[(&str, &[(&str, &str)])] = &[
    (
        "systemctl",
        &[
            ("start", "start"),
            ("stop", "stop"),
            ("restart", "restart"),
            ("try-restart", "restart"),
            ("reload", "restart"),
            ("reload-or-restart", "restart"),
            ("kill", "stop"),
            ("mask", "stop"),
            ("unmask", "start"),
            ("enable", "start"),
            ("disable", "stop"),
            ("reboot", "restart"),
            ("poweroff", "stop"),
            ("isolate", "restart"),
        ],
    ),
    (
        "supervisorctl",
        &[
            ("start", "start"),
            ("stop", "stop"),
            ("restart", "restart"),
            ("reload", "restart"),
            ("update", "restart"),
        ],
    ),
    (
        "pm2",
        &[
            ("start", "start"),
            ("stop", "stop"),
            ("restart", "restart"),
            ("reload", "restart"),
            ("delete", "stop"),
            ("scale", "scale"),
            ("deploy", "deploy"),
        ],
    ),
    (
        "docker",
        &[
            ("push", "push"),
            ("restart", "restart"),
            ("start", "start"),
            ("stop", "stop"),
            ("kill", "stop"),
            ("rm", "stop"),
            ("run", "start"),
            ("update", "restart"),
            ("compose up", "deploy"),
            ("compose down", "stop"),
            ("compose restart", "restart"),
            ("compose stop", "stop"),
            ("compose start", "start"),
            ("compose rm", "stop"),
            ("compose kill", "stop"),
            ("compose push", "push"),
            ("compose scale", "scale"),
            ("stack deploy", "deploy"),
            ("stack rm", "stop"),
            ("service update", "deploy"),
            ("service scale", "scale"),
            ("service create", "deploy"),
            ("service rm", "stop"),
            ("service rollback", "deploy"),
        ],
    ),
    (
        "docker-compose",
        &[
            ("up", "deploy"),
            ("down", "stop"),
            ("restart", "restart"),
            ("stop", "stop"),
            ("start", "start"),
            ("rm", "stop"),
            ("kill", "stop"),
            ("push", "push"),
            ("scale", "scale"),
        ],
    ),
    (
        "kubectl",
        &[
            ("apply", "deploy"),
            ("create", "deploy"),
            ("replace", "deploy"),
            ("patch", "deploy"),
            ("set", "deploy"),
            ("edit", "deploy"),
            ("delete", "stop"),
            ("scale", "scale"),
            ("autoscale", "scale"),
            ("rollout restart", "restart"),
            ("rollout undo", "deploy"),
            ("drain", "stop"),
            ("cordon", "stop"),
            ("uncordon", "start"),
        ],
    ),
    (
        "helm",
        &[
            ("install", "deploy"),
            ("upgrade", "deploy"),
            ("uninstall", "stop"),
            ("delete", "stop"),
            ("rollback", "deploy"),
        ],
    ),
    (
        "terraform",
        &[
            ("apply", "deploy"),
            ("destroy", "stop"),
            ("import", "deploy"),
        ],
    ),
    (
        "pulumi",
        &[("up", "deploy"), ("update", "deploy"), ("destroy", "stop")],
    ),
    ("cdk", &[("deploy", "deploy"), ("destroy", "stop")]),
    ("ansible-playbook", &[("", "deploy")]),
    ("git", &[("push", "push")]),
    (
        "fly",
        &[
            ("deploy", "deploy"),
            ("scale", "scale"),
            ("restart", "restart"),
            ("apps restart", "restart"),
            ("machine restart", "restart"),
        ],
    ),
    (
        "heroku",
        &[
            ("restart", "restart"),
            ("ps:restart", "restart"),
            ("ps:scale", "scale"),
            ("container:release", "deploy"),
            ("rollback", "deploy"),
        ],
    ),
    (
        "nomad",
        &[
            ("job run", "deploy"),
            ("run", "deploy"),
            ("job stop", "stop"),
            ("stop", "stop"),
        ],
    ),
    (
        "dokku",
        &[
            ("ps:restart", "restart"),
            ("ps:rebuild", "deploy"),
            ("ps:stop", "stop"),
            ("ps:scale", "scale"),
            ("deploy", "deploy"),
        ],
    ),
    (
        "aws",
        &[
            ("ecs update-service", "deploy"),
            ("lambda update-function-code", "deploy"),
            ("cloudformation deploy", "deploy"),
            ("ec2 reboot-instances", "restart"),
            ("ec2 stop-instances", "stop"),
        ],
    ),
    (
        "gcloud",
        &[
            ("run deploy", "deploy"),
            ("app deploy", "deploy"),
            ("functions deploy", "deploy"),
        ],
    ),
    ("vercel", &[("deploy", "deploy")]),
    ("netlify", &[("deploy", "deploy")]),
    ("firebase", &[("deploy", "deploy")]),
    ("wrangler", &[("deploy", "deploy"), ("publish", "deploy")]),
    ("serverless", &[("deploy", "deploy")]),
    ("railway", &[("up", "deploy")]),
    (
        "kamal",
        &[
            ("deploy", "deploy"),
            ("redeploy", "deploy"),
            ("rollback", "deploy"),
            ("app restart", "restart"),
        ],
    ),
    (
        "cap",
        &[
            ("production deploy", "deploy"),
            ("staging deploy", "deploy"),
        ],
    ),
    (
        "argocd",
        &[("app sync", "deploy"), ("app rollback", "deploy")],
    ),
    ("skaffold", &[("run", "deploy"), ("deploy", "deploy")]),
    ("reboot", &[("", "restart")]),
    ("shutdown", &[("", "stop")]),
    ("poweroff", &[("", "stop")]),
    (
        "alembic",
        &[("upgrade", "migration"), ("downgrade", "migration")],
    ),
    (
        "flyway",
        &[
            ("migrate", "migration"),
            ("undo", "migration"),
            ("clean", "migration"),
        ],
    ),
    (
        "liquibase",
        &[("update", "migration"), ("rollback", "migration")],
    ),
    (
        "sqlx",
        &[
            ("migrate run", "migration"),
            ("migrate revert", "migration"),
        ],
    ),
    (
        "diesel",
        &[
            ("migration run", "migration"),
            ("migration revert", "migration"),
            ("migration redo", "migration"),
        ],
    ),
    (
        "prisma",
        &[
            ("migrate deploy", "migration"),
            ("migrate reset", "migration"),
            ("migrate dev", "migration"),
            ("db push", "migration"),
        ],
    ),
    (
        "knex",
        &[
            ("migrate:latest", "migration"),
            ("migrate:up", "migration"),
            ("migrate:rollback", "migration"),
        ],
    ),
    (
        "dbmate",
        &[
            ("up", "migration"),
            ("migrate", "migration"),
            ("rollback", "migration"),
            ("down", "migration"),
        ],
    ),
    ("goose", &[("up", "migration"), ("down", "migration")]),
    (
        "atlas",
        &[
            ("migrate apply", "migration"),
            ("schema apply", "migration"),
        ],
    ),
    ("sequelize", &[("db:migrate", "migration")]),
    (
        "rake",
        &[("db:migrate", "migration"), ("db:rollback", "migration")],
    ),
    (
        "rails",
        &[("db:migrate", "migration"), ("db:rollback", "migration")],
    ),
    (
        "mix",
        &[
            ("ecto.migrate", "migration"),
            ("ecto.rollback", "migration"),
        ],
    ),
];
/// Other names of the same program.
pub(super) const ALSO: &[(&str, &str)] = &[
    ("podman", "docker"),
    ("nerdctl", "docker"),
    ("podman-compose", "docker-compose"),
    ("oc", "kubectl"),
    ("k", "kubectl"),
    ("tofu", "terraform"),
    ("terragrunt", "terraform"),
    ("flyctl", "fly"),
    ("sls", "serverless"),
    ("halt", "poweroff"),
];
/// Flags that stand before a verb and take the next word.
pub(super) const TAKES_A_VALUE: &[&str] = &[
    "-n",
    "--namespace",
    "--context",
    "--kubeconfig",
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--project-directory",
    "-C",
    "-H",
    "--host",
    "-M",
    "--machine",
    "--profile",
    "--region",
    "-a",
    "--app",
    "--env-file",
    "-c",
    "--config",
    "-i",
    "--inventory",
];
/// Clients of databases that take statements.
pub(super) const SQL_CLIENTS: &[&str] = &["psql", "mysql", "mariadb", "sqlite3", "cockroach"];
/// How statements begin that change what a database is made of.
pub(super) const DDL: &[&str] = &[
    "alter", "create", "drop", "truncate", "rename", "grant", "revoke",
];
/// Runners whose next word is a task of the project.
pub(super) const RUNNERS: &[&str] = &[
    "make", "just", "task", "npm", "pnpm", "yarn", "bun", "composer", "invoke", "fab", "rake",
    "mage", "mise",
];
