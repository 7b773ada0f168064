//! The promises of the store, checked on every store there is.

use std::sync::Arc;

use engine::adapters::memory::MemoryStore;
use engine::adapters::postgres::PostgresStore;
use engine::adapters::sqlite::{SqliteOptions, SqliteStore};
use engine::ports::store::Store;
use futures_util::future::LocalBoxFuture;
use switchboard_tests::conformance;
use switchboard_tests::postgres::Server;

/// One test for each promise and each store.
macro_rules! on_every_store {
    ($($module:ident { $($promise:ident),+ $(,)? })+) => {
        mod memory {
            $(mod $module {
                $(#[tokio::test]
                async fn $promise() {
                    let store = std::sync::Arc::new(engine::adapters::memory::MemoryStore::new());
                    switchboard_tests::conformance::$module::$promise(store).await;
                })+
            })+
        }

        mod sqlite {
            $(mod $module {
                $(#[tokio::test]
                async fn $promise() {
                    let folder = tempfile::tempdir().unwrap();
                    let store = super::super::sqlite_in(folder.path()).await;
                    switchboard_tests::conformance::$module::$promise(std::sync::Arc::clone(&store)).await;
                    store.close().await;
                })+
            })+
        }

        /// On PostgreSQL all promises share one server, each with a database of its own.
        #[tokio::test]
        async fn postgres() {
            let server = Server::start();
            $($(on_postgres(
                &server,
                concat!(stringify!($module), "_", stringify!($promise)),
                switchboard_tests::conformance::$module::$promise,
            )
            .await;)+)+
        }
    };
}

/// Each check is on the heap: without optimisation all of them together would not fit a thread's stack.
fn on_postgres<'s, F>(
    server: &'s Server,
    promise: &'static str,
    check: impl FnOnce(Arc<dyn Store>) -> F + 's,
) -> LocalBoxFuture<'s, ()>
where
    F: Future<Output = ()> + 's,
{
    Box::pin(async move {
        println!("{promise}");
        // A name may have 63 bytes.
        let database = &promise[..promise.len().min(63)];
        server.run(&format!("CREATE DATABASE {database}")).await;
        let store = postgres_at(&server.url(database)).await;
        check(Arc::clone(&store)).await;
        store.close().await;
        drop(store);
        server.run(&format!("DROP DATABASE {database}")).await;
    })
}

async fn postgres_at(url: &str) -> Arc<dyn Store> {
    Arc::new(PostgresStore::open(url, 8).await.expect("the store opens"))
}

async fn sqlite_in(folder: &std::path::Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(SqliteOptions::new(folder)).await.expect("the store opens"))
}

on_every_store! {
    accounts {
        an_account_sees_and_changes_nothing_of_another,
        an_account_keeps_its_time_zone_and_changes_it_as_it_was_seen,
    }
    appending {
        an_append_adds_its_events_and_moves_the_head,
        a_writer_with_an_older_epoch_is_fenced,
        a_writer_who_missed_an_event_is_fenced,
        numbers_that_do_not_follow_each_other_are_refused,
        the_same_append_twice_takes_effect_once,
        a_chat_of_another_account_cannot_be_appended_to,
        a_pipeline_of_appends_takes_effect_in_its_order,
        a_refusal_in_a_pipeline_refuses_what_was_built_on_it_and_nothing_else,
        a_closed_store_refuses_and_still_tells_every_outcome,
    }
    births {
        a_chat_is_born_with_a_number_its_row_and_its_first_events,
        the_same_start_again_answers_with_the_chat_it_made,
        a_command_is_forgotten_after_seven_days,
        a_visitor_has_one_open_chat_on_a_brand,
        of_many_starts_at_once_one_makes_a_chat,
        a_birth_in_a_shard_that_was_taken_over_is_fenced,
        nobody_gives_birth_in_a_shard_that_nobody_owns,
        first_events_that_do_not_count_from_one_are_refused,
    }
    capacity {
        twenty_operators_stay_within_their_limits_whoever_asks_at_once,
        a_slot_is_reserved_filled_and_given_back,
        a_chat_changes_hands_and_takes_guests_with_every_slot_accounted_for,
        a_group_has_a_limit_of_its_own,
        a_limit_of_none_gets_all_and_a_limit_of_nought_gets_none,
        who_is_disabled_gets_nothing_more_and_keeps_what_is_held,
        who_is_no_member_or_nobody_has_no_slot,
        an_offer_to_somebody_who_was_removed_cannot_be_accepted,
        a_refused_hand_over_leaves_both_sides_as_they_were,
        a_hand_over_tells_both_loads_in_the_order_asked,
        counters_that_went_wrong_are_found_and_set_right,
        a_member_who_comes_back_still_holds_what_runs,
        a_guest_who_is_a_member_again_still_holds_the_chat,
    }
    decisions {
        a_decision_is_there_with_the_offer_that_came_of_it,
        what_is_refused_leaves_no_decision,
        of_too_many_decisions_the_latest_are_kept,
    }
    closings {
        a_group_closes_when_no_chat_is_in_it,
        an_operator_who_closes_is_disabled_at_once,
    }
    contacts { what_is_set_of_a_contact_is_kept, a_chat_keeps_who_its_visitor_is_known_as }
    left_messages {
        a_message_is_kept_with_all_that_is_known_of_it,
        the_same_command_leaves_one_message,
        an_id_means_one_command_whatever_it_asks,
        one_visitor_leaves_a_few_within_an_hour,
        messages_are_found_by_state_and_department_and_page_by_page,
    }
    lists {
        lists_have_what_was_asked_for_in_the_order_asked,
        who_served_a_contact_last_is_known,
        how_a_groups_chats_have_waited_is_told_the_latest_first,
        a_scope_shows_ones_groups_and_ones_own_chats,
        a_cursor_goes_on_where_the_page_ended,
        a_report_has_the_same_chats_in_however_many_pages,
        a_queue_is_read_in_its_order_with_what_rings,
        what_rings_at_all_holds_nobodys_slot_and_is_over_for_all_at_once,
        a_visitor_finds_the_open_chat_else_the_latest_that_ended,
        an_owner_is_shown_by_the_name_of_today,
    }
    marks {
        marks_rise_and_never_fall,
        marks_of_a_thousand_chats_come_at_once,
        the_first_answer_to_a_command_stays,
        what_has_run_out_is_forgotten_in_the_time_the_store_is_told,
    }
    pages {
        pages_follow_each_other_without_a_hole_on_both_sides,
        whoever_is_held_up_while_reading_keeps_nobody_from_reading,
        a_page_ends_at_its_bytes_but_holds_one_event,
        a_page_after_the_end_or_of_no_chat_is_empty,
        what_is_read_while_much_is_written_has_no_hole,
        all_of_a_chat_is_there_when_it_is_activated,
    }
    presence {
        owning_an_operator_anew_raises_the_epoch,
        a_status_that_stays_keeps_its_moment,
        a_status_command_that_comes_again_changes_nothing,
        nobody_has_no_status,
        how_many_offers_expired_in_a_row_is_kept_until_a_status_is_set,
        whether_somebody_receives_is_set_once_for_a_command,
        who_is_there_and_receives_is_told_of_a_group_and_of_an_operator,
        rules_of_presence_are_kept_and_changed_as_they_were_seen,
        the_latest_moment_is_that_of_whatever_is_open,
        a_roster_has_all_that_routing_asks,
    }
    profiles {
        profiles_are_kept_changed_and_removed,
        a_chosen_profile_says_which_memberships_are_active,
    }
    sessions {
        a_session_lasts_until_it_runs_out_or_is_ended,
        a_new_password_and_a_removal_end_all_sessions,
        wrong_passwords_lead_to_a_pause_and_begin_anew_after_it,
        failures_counted_at_once_are_all_counted,
        a_secret_is_made_once,
    }
    shards {
        shards_are_taken_under_ever_new_epochs,
        takers_at_once_get_different_epochs,
        open_chats_are_found_oldest_first,
    }
    staff {
        accounts_have_short_names_of_their_own,
        brands_are_kept_and_replaced,
        brands_keep_how_urgent_their_chats_are,
        departments_are_listed_by_place,
        departments_keep_what_their_chats_need,
        groups_are_kept_replaced_and_removed,
        a_group_that_is_gone_is_named_by_no_other,
        an_address_belongs_to_one_operator_of_an_account,
        an_operator_is_changed_and_removed,
        memberships_are_listed_by_group_then_operator,
    }
    work { work_adds_up_by_hour_for_each_and_for_all }
}

mod memory_survival {
    use super::*;

    #[tokio::test]
    async fn a_closed_store_answers_nothing_any_more() {
        let store = MemoryStore::new();
        store.close().await;
        assert!(store.ping().await.is_err());
    }
}

mod sqlite_survival {
    use super::*;

    #[tokio::test]
    async fn everything_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        conformance::survival::everything_is_there_after_a_restart(|| sqlite_in(folder.path())).await;
    }
}

mod postgres_survival {
    use engine::ports::journal::AppendError;
    use switchboard_tests::conformance::world::World;

    use super::*;

    #[tokio::test]
    async fn everything_is_there_after_a_restart() {
        let server = Server::start();
        server.run("CREATE DATABASE survival").await;
        let url = server.url("survival");
        conformance::survival::everything_is_there_after_a_restart(|| postgres_at(&url)).await;
    }

    /// With a standby that is waited for, and never comes: a wait that is cut short ends in a warning.
    #[tokio::test]
    async fn a_commit_with_a_warning_is_not_taken_for_done() {
        let server = Server::start();
        server.run("CREATE DATABASE standby").await;
        let store = postgres_at(&server.url("standby")).await;
        let world = World::new(Arc::clone(&store), "acme").await;
        let mut talk = world.chat(0).await;
        server.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").await;
        server.run("SELECT pg_reload_conf()").await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let append = talk.says("is it safe?", 1_000);
        let waiting = {
            let world = world.clone();
            tokio::spawn(async move { world.append(append).await })
        };
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert!(!waiting.is_finished(), "the commit waits for the standby");
        server.run("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").await;
        let outcome = waiting.await.expect("it ends");
        assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
        server.run("ALTER SYSTEM RESET synchronous_standby_names").await;
        server.run("SELECT pg_reload_conf()").await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        // Unknown is not undone: whoever rebuilds finds it, and goes on from there.
        let stored = store.activate(world.account, talk.id(), world.epoch).await.expect("it is read").expect("it is");
        assert_eq!(stored.record.head.last_seq, 4);
        let append = talk.says("now it is", 2_000);
        talk.done(append).await;
        store.close().await;
    }
}
