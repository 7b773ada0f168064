//! Settings as people write them, right and wrong.

use std::io::Write;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Sources {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Sources { environment: pairs.collect(), ..Sources::default() }
}

fn file(text: &str) -> (tempfile::NamedTempFile, Sources) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let sources = Sources { file: Some(file.path().to_owned()), ..Sources::default() };
    (file, sources)
}

#[test]
fn without_any_setting_it_listens_on_this_machine_only() {
    let settings = Settings::read(&Sources::default()).unwrap();
    assert_eq!(settings.network.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.network.admin_listen.to_string(), "127.0.0.1:9090");
    assert_eq!(settings.storage.data_dir.to_str(), Some("./data"));
    assert!(settings.network.workers >= 1 && !settings.behind_tls());
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_file() {
    let (_file, mut sources) = file("listen = \"127.0.0.1:1\"\nnode = \"from-file\"\nworkers = 3\n");
    sources.environment =
        environment(&[("SWITCHBOARD_LISTEN", "127.0.0.1:2"), ("SWITCHBOARD_NODE", "from-env")]).environment;
    sources.flags = vec![("listen", "127.0.0.1:3".to_owned())];
    let settings = Settings::read(&sources).unwrap();
    assert_eq!(settings.network.listen.port(), 3);
    assert_eq!(settings.storage.node.as_str(), "from-env");
    assert_eq!(settings.network.workers, 3);
    for line in ["listen = \"127.0.0.1:3\"  # flag", "node = \"from-env\"  # environment", "workers = 3  # file"] {
        assert!(settings.shown().contains(line), "{line} in {}", settings.shown());
    }
}

#[test]
fn everything_wrong_is_named_at_once_with_the_right_form() {
    let (_file, mut sources) = file("listen = \"localhost\"\nworkers = 0\ncolour = \"red\"\n[nested]\nlisten = 1\n");
    let wrong = [
        ("SWITCHBOARD_ADMIN_LISTEN", "127.0.0.1:99999"),
        ("SWITCHBOARD_PUBLIC_URL", "ftp://example.com"),
        ("SWITCHBOARD_TRUSTED_PROXIES", "10.0.0.0/8,elsewhere"),
        ("SWITCHBOARD_NODE", "a node"),
        ("SWITCHBOARD_LOG", "verbose"),
        ("SWITCHBOARD_LOG_FORMAT", "yaml"),
        ("SWITCHBOARD_OTLP_URL", "https://user:private@collector"),
        ("SWITCHBOARD_OTLP_CA", "/nowhere/authorities.pem"),
        ("SWITCHBOARD_OTLP_RATIO", "2"),
        ("SWITCHBOARD_SECRET", "tooshort-and-private"),
        ("SWITCHBOARD_REDIS_URL", "redis://user:private@r"),
        ("SWITCHBOARD_DATABASE_URL", "postgres://user:private@p"),
        ("SWITCHBOARD_SMTP_URL", "smtp://m"),
        ("SWITCHBOARD_FILES_URL", "s3://f"),
    ];
    sources.environment = environment(&wrong).environment;
    let problems = Settings::read(&sources).unwrap_err();
    let words = problems.to_string();
    for (name, _) in wrong {
        assert!(words.contains(name), "{name} in {words}");
    }
    for part in [
        "listen (",
        "127.0.0.1:8080",
        "workers (",
        "1 to 256",
        "colour: no such setting",
        "nested: no such",
        "\"localhost\"",
    ] {
        assert!(words.contains(part), "{part} in {words}");
    }
    assert_eq!(problems.0.len(), wrong.len() + 4);
    assert!(!words.contains("private"), "no secret is repeated: {words}");
}

#[test]
fn whoever_names_a_collector_that_takes_grpc_is_told_what_is_spoken() {
    for named in ["grpc://collector:4317", "http://collector:4317", "https://collector:4317/"] {
        let words = Settings::read(&environment(&[("SWITCHBOARD_OTLP_URL", named)])).unwrap_err().to_string();
        assert!(words.contains("otlp_url (SWITCHBOARD_OTLP_URL)") && words.contains("gRPC is not spoken"), "{words}");
        assert!(words.contains("http://127.0.0.1:4318"), "the right form: {words}");
    }
    let over_tls = Settings::read(&environment(&[("SWITCHBOARD_OTLP_URL", "https://collector:4318")])).unwrap();
    assert!(over_tls.shown().contains("otlp_url = \"https://collector:4318/\""), "{}", over_tls.shown());
}

#[test]
fn a_file_that_is_not_there_or_not_toml_is_named() {
    let gone = Sources { file: Some("/nowhere/switchboard.toml".into()), ..Sources::default() };
    assert!(Settings::read(&gone).unwrap_err().to_string().contains("/nowhere/switchboard.toml"));
    let (_file, broken) = file("listen = ");
    assert!(Settings::read(&broken).unwrap_err().to_string().contains("TOML"));
}

#[test]
fn an_empty_variable_is_as_good_as_none_and_foreign_ones_are_left_alone() {
    let sources =
        environment(&[("SWITCHBOARD_REDIS_URL", ""), ("SWITCHBOARD_SERVICE_HOST", "10.0.0.1"), ("PATH", "/bin")]);
    assert!(Settings::read(&sources).is_ok());
}

#[test]
fn a_secret_of_digits_keeps_its_leading_zeros_and_is_not_shown() {
    let digits = "00".repeat(31) + "07";
    let settings = Settings::read(&environment(&[("SWITCHBOARD_SECRET", &digits)])).unwrap();
    assert_eq!(settings.security.secret.as_ref().unwrap().bytes()[31], 7);
    assert!(settings.shown().contains("secret = \"(hidden)\"") && !settings.shown().contains(&digits));
}

#[test]
fn what_check_config_shows_can_be_used_as_a_file() {
    for written in [&[][..], &[("SWITCHBOARD_TRUSTED_PROXIES", "10.0.0.0/8,::1"), ("SWITCHBOARD_NODE", "left")]] {
        let first = Settings::read(&environment(written)).unwrap();
        let (_file, sources) = file(first.shown());
        let second = Settings::read(&sources).unwrap();
        let values = |settings: &Settings| {
            let lines = settings.shown().lines().map(|line| line.split("  # ").next().unwrap_or_default().to_owned());
            lines.collect::<Vec<_>>()
        };
        assert_eq!(values(&first), values(&second), "all but where it was written");
    }
}

#[test]
fn the_demo_stays_on_this_machine_unless_told_otherwise() {
    let remote = [("SWITCHBOARD_LISTEN", "0.0.0.0:80"), ("SWITCHBOARD_ADMIN_LISTEN", "[::1]:0")];
    let wrong = Settings::read(&environment(&remote)).unwrap().suit_demo().unwrap_err();
    assert_eq!(wrong.0.len(), 1, "{wrong}");
    assert_eq!(wrong.0[0].setting, Some("listen"));
    let told = [remote[0], ("SWITCHBOARD_DEMO_ALLOW_REMOTE", "true")];
    assert!(Settings::read(&environment(&told)).unwrap().suit_demo().is_ok());
    assert!(Settings::read(&Sources::default()).unwrap().suit_demo().is_ok());
}
