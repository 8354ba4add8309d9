//! Commands whose answer depends on what they are aimed at.

const SHOP: &str = "`shop` on the production server `web-1`, and `jobs` and `mail` depend on it.";
const BLOG: &str = "`blog` on the production server `web-1`, and `feed` depends on it.";
const POSTGRES: &str =
    "`postgres` on the production server `db-1`, and `shop` and `blog` depend on it.";
const REDIS: &str = "`redis` on the production server `store-01`, and `shop` depends on it.";
const SEARCH: &str = "`search` on the production server `store-01`, and `shop` depends on it.";
const MONGO: &str = "`mongo` on the production server `store-01`, and `blog` depends on it.";
const MYSQL: &str = "`mysql` on the production server `store-01`, and `blog` depends on it.";
const WEB: &str = "the production server `web-1`.";
const DB: &str = "the production server `db-1`.";

/// Commands that are silent in development and asked about in production, with the end of the reason.
pub(crate) const ASKED: &[(&str, &str)] = &[
    // Databases.
    (
        "psql postgres://db-1/shop -c 'delete from orders where id=1'",
        POSTGRES,
    ),
    (
        "psql -h db-1 shop -c 'insert into orders values (1)'",
        POSTGRES,
    ),
    (
        "psql 'host=db-1 dbname=shop' -c 'alter table orders add note text'",
        POSTGRES,
    ),
    (
        "PGHOST=db-1 psql shop -c 'update orders set paid = true where id = 1'",
        POSTGRES,
    ),
    (
        "export PGHOST=db-1; psql shop -c 'create index on orders (id)'",
        POSTGRES,
    ),
    ("env PGHOST=DB-1.example.net. psql -f change.sql", POSTGRES),
    ("psql -h 203.0.113.8 shop < change.sql", POSTGRES),
    ("pg_dump shop | psql -h db-1 shop", POSTGRES),
    (
        "psql -h db-1 -c 'with gone as (delete from a where b = 1 returning *) select * from gone'",
        POSTGRES,
    ),
    ("createdb -h db-1 shop2", POSTGRES),
    ("pg_restore -h db-1 -d shop shop.dump", POSTGRES),
    (
        "ssh db-1 \"psql shop -c 'update orders set paid = true where id = 1'\"",
        POSTGRES,
    ),
    (
        "ssh db-1 \"docker exec shop-postgres-1 psql -c 'insert into a values (1)'\"",
        POSTGRES,
    ),
    (
        "DATABASE_URL=postgres://ann@db-1:5432/shop npx prisma migrate deploy",
        POSTGRES,
    ),
    (
        "sqlx migrate run --database-url postgres://db-1/shop",
        POSTGRES,
    ),
    (
        "mysql -h store-01 shop -e 'update a set b = 1 where c = 2'",
        MYSQL,
    ),
    ("mysql --host=store-01.example.net shop < change.sql", MYSQL),
    ("redis-cli -h store-01 set cart:1 x", REDIS),
    ("redis-cli -u redis://store-01:6379/0 del cart:1", REDIS),
    (
        "mongosh mongodb://store-01/shop --eval 'db.orders.insertOne({a: 1})'",
        MONGO,
    ),
    (
        "mongosh 'mongodb://ann@store-01:27017,other:27017/shop' --eval 'db.a.updateOne({b: 1}, {})'",
        MONGO,
    ),
    (
        "mongoimport --uri mongodb://store-01/shop --collection a a.json",
        MONGO,
    ),
    // Docker elsewhere.
    ("docker -H ssh://ann@db-1 restart postgres", POSTGRES),
    ("docker --context db-1 restart postgres", POSTGRES),
    (
        "DOCKER_HOST=ssh://db-1 docker stop app-postgres-1",
        POSTGRES,
    ),
    (
        "export DOCKER_HOST=tcp://203.0.113.8:2376 && docker kill postgres",
        POSTGRES,
    ),
    ("DOCKER_CONTEXT=store-01 docker restart search", SEARCH),
    ("docker --context db-1 run -d nginx", DB),
    ("docker cp settings.json shop:/app/", SHOP),
    // Services by name.
    ("systemctl --host db-1 restart postgres", POSTGRES),
    ("systemctl -H ann@store-01 stop redis.service", REDIS),
    ("pm2 restart blog", BLOG),
    ("supervisorctl restart shop", SHOP),
    ("service shop restart", SHOP),
    ("kill $(pidof shop)", SHOP),
    ("kill -9 $(pgrep -f blog)", BLOG),
    ("ssh DB-1.EXAMPLE.NET systemctl restart postgres", POSTGRES),
    (
        "ssh ssh://ann@[2001:db8::8]:2222 systemctl restart redis",
        REDIS,
    ),
    // The folder of a project.
    ("cd /srv/shop && docker compose restart", SHOP),
    ("cd /srv/shop/deploy && docker compose up -d", SHOP),
    ("docker compose -f /srv/shop/compose.yaml pull", SHOP),
    ("docker compose --project-directory /srv/shop down", SHOP),
    ("cd /srv/shop && git pull", SHOP),
    ("git -C /srv/shop checkout v1.2", SHOP),
    ("cd /srv/blog && npm ci", BLOG),
    ("cd /srv/blog && npm run build", BLOG),
    (
        "ssh store-01 'cd /srv/search && docker compose pull && docker compose up -d'",
        SEARCH,
    ),
    // Clusters and playbooks.
    (
        "kubectl --context store-01 rollout restart deployment/search",
        SEARCH,
    ),
    ("kubectl --context=db-1 apply -f a.yaml", DB),
    (
        "helm --kube-context store-01 upgrade search ./chart",
        SEARCH,
    ),
    ("ansible db-1 -m apt -a 'name=vim state=present'", DB),
    (
        "ansible store-01 -m apt -a 'name=redis state=present'",
        REDIS,
    ),
    ("ansible-playbook site.yml -l db-1", DB),
    ("ansible-playbook -i web-1, site.yml", WEB),
    // Files.
    ("rsync -a dist/ ann@web-1:/srv/blog/", BLOG),
    ("rsync -a a rsync://web-1.example.net/www", WEB),
    ("scp a.conf db-1:/opt/a/", DB),
    ("scp -P 2222 a.conf 'ann@[2001:db8::4]:/opt/a/'", DB),
    ("echo 'put a.conf' | sftp db-1", DB),
    // Domains.
    (
        "curl -X POST https://shop.example.com/v1/orders -d '{}'",
        SHOP,
    ),
    ("curl -sXPUT https://SHOP.example.com:443/v1/orders/1", SHOP),
    ("curl --json '{}' https://blog.example.com/api", BLOG),
    (
        "wget --post-data=a=1 https://shop.example.com/v1/orders",
        SHOP,
    ),
    ("http PATCH https://shop.example.com/v1/orders/1 a=1", SHOP),
    (
        "doctl compute domain records create shop.example.com --record-type A",
        SHOP,
    ),
];

/// Commands that are judged alike wherever they go: they read, or go to what the inventory does not list.
pub(crate) const SILENT: &[&str] = &[
    "psql -h db-1 shop -c 'select * from orders'",
    "psql postgres://db-1/shop -c 'explain delete from orders where id = 1'",
    "psql -h db-2 shop -c 'insert into orders values (1)'",
    "psql -h localhost shop -c 'insert into orders values (1)'",
    "PGHOST=db-2 psql shop -c 'insert into orders values (1)'",
    "PGHOST=db-1 psql shop -c 'show all'",
    "PGHOST=db-1 true; psql shop -c 'insert into orders values (1)'",
    "pg_dump -h db-1 shop",
    "psql -h db-1 -l",
    "mysql -h store-01 shop -e 'show tables'",
    "redis-cli -h store-01 get cart:1",
    "redis-cli -h store-01 config get maxmemory",
    "redis-cli -h cache-7 set cart:1 x",
    "mongosh mongodb://store-01/shop --eval 'db.orders.find({a: 1})'",
    "mongosh mongodb://other/shop --eval 'db.orders.insertOne({a: 1})'",
    "DATABASE_URL=postgres://db-1/shop npx prisma migrate status",
    "DATABASE_URL=postgres://localhost/shop npx prisma migrate deploy",
    "docker -H ssh://db-1 ps",
    "docker --context db-1 logs postgres",
    "docker --context colima restart shop",
    "docker -H ssh://db-2 restart postgres",
    "DOCKER_HOST=ssh://db-2 docker restart shop",
    "docker cp shop:/app/settings.json .",
    "docker restart checkout",
    "systemctl --host db-1 status postgres",
    "journalctl -u postgres --host db-1",
    "pm2 logs blog",
    "kill $(pidof checkout)",
    "kill -0 $(pidof shop)",
    "ssh db-1",
    "ssh db-1 uptime",
    "ssh db-2 systemctl restart shop",
    "cd /srv/shop && docker compose ps",
    "cd /srv/shop && git status",
    "cd /srv/shop && git log --oneline",
    "cd /srv/shop && npm ci",
    "cd /srv/shop-old && git pull",
    "cd /srv/blog && npm test",
    "git pull",
    "docker compose up -d",
    "kubectl --context store-01 get pods",
    "kubectl --context minikube rollout restart deployment/search",
    "helm --kube-context store-01 list",
    "ansible db-1 -m ping",
    "ansible-playbook site.yml -l db-1 --check",
    "ansible-playbook site.yml -l db-2",
    "rsync -a ann@web-1:/srv/blog/ copy/",
    "rsync -an dist/ web-1:/srv/blog/",
    "rsync -a dist/ web-2:/srv/blog/",
    "scp db-1:/etc/hosts .",
    "echo 'get a.conf' | sftp db-1",
    "curl https://shop.example.com/v1/orders",
    "curl -G -d a=1 https://shop.example.com/v1/orders",
    "curl -X POST https://other.example.org/v1/orders",
    "curl -I https://shop.example.com",
    "aws route53 list-resource-record-sets --hosted-zone-id Z1",
    "dig shop.example.com",
    "echo 'docker restart shop'",
    "git commit -m 'psql -h db-1 -c \"insert into a values (1)\"'",
];

/// Commands that are answered anywhere; in production they say what they are aimed at.
pub(crate) const NAMED: &[(&str, &str)] = &[
    (
        "ansible store-01 -m systemd -a 'name=redis state=restarted'",
        REDIS,
    ),
    (
        "aws route53 change-resource-record-sets --hosted-zone-id Z1 --change-batch '{\"Changes\":[{\"Action\":\"UPSERT\",\"ResourceRecordSet\":{\"Name\":\"shop.example.com.\"}}]}'",
        SHOP,
    ),
    ("scp a.conf db-1:/etc/", DB),
    ("dropdb -h db-1 shop", POSTGRES),
    ("ssh db-1 dropdb shop", POSTGRES),
    ("psql -h db-1 shop -c 'drop table orders'", POSTGRES),
    ("mysql -h store-01 shop -e 'delete from orders'", MYSQL),
    ("redis-cli -h store-01 flushall", REDIS),
    (
        "mongosh mongodb://store-01/shop --eval 'db.dropDatabase()'",
        MONGO,
    ),
    ("docker -H ssh://db-1 volume rm data", DB),
    ("kubectl --context db-1 delete namespace shop", DB),
    ("curl -X DELETE https://shop.example.com/v1/orders/7", SHOP),
    ("rm -rf /srv/shop", SHOP),
    ("rsync -a --delete dist/ web-1:/srv/blog/", BLOG),
    ("certbot delete --cert-name shop.example.com", SHOP),
    ("rm /etc/nginx/sites-enabled/shop.example.com.conf", SHOP),
];
