//! The parameters that parameter groups know, by engine: static ones need a reboot, dynamic ones do not.

const PG_STATIC: &str = "apg_plan_mgmt.max_databases autovacuum_freeze_max_age autovacuum_max_workers \
    autovacuum_multixact_freeze_max_age config_file data_directory hba_file huge_pages ident_file \
    jit_provider listen_addresses logging_collector max_connections max_files_per_process \
    max_locks_per_transaction max_logical_replication_workers max_pred_locks_per_transaction \
    max_prepared_transactions max_replication_slots max_wal_senders max_worker_processes \
    old_snapshot_threshold pg_stat_statements.max port rds.accepted_password_auth_method \
    rds.babelfish_status rds.custom_dns_resolution rds.logical_replication rds.logical_slot_sync_dbname \
    rds.restrict_password_commands shared_buffers shared_preload_libraries superuser_reserved_connections \
    track_activity_query_size track_commit_timestamp unix_socket_directories wal_buffers autovacuum_worker_slots \
    ssl_ciphers unix_socket_group unix_socket_permissions rds.enable_pgactive rds.aurora_preload";

const PG_DYNAMIC: &str = "application_name archive_command archive_timeout array_nulls \
    authentication_timeout auto_explain.log_analyze auto_explain.log_buffers auto_explain.log_format \
    auto_explain.log_min_duration auto_explain.log_nested_statements auto_explain.log_timing \
    auto_explain.log_triggers auto_explain.log_verbose auto_explain.sample_rate autovacuum \
    autovacuum_analyze_scale_factor autovacuum_analyze_threshold autovacuum_naptime \
    autovacuum_vacuum_cost_delay autovacuum_vacuum_cost_limit autovacuum_vacuum_insert_scale_factor \
    autovacuum_vacuum_insert_threshold autovacuum_vacuum_scale_factor autovacuum_vacuum_threshold \
    autovacuum_work_mem backend_flush_after backslash_quote bgwriter_delay bgwriter_flush_after \
    bgwriter_lru_maxpages bgwriter_lru_multiplier bytea_output check_function_bodies \
    checkpoint_completion_target checkpoint_flush_after checkpoint_timeout checkpoint_warning \
    client_encoding client_min_messages commit_delay commit_siblings constraint_exclusion \
    cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost cron.database_name cron.log_run cron.log_statement \
    cron.max_running_jobs cron.use_background_workers cursor_tuple_fraction datestyle deadlock_timeout \
    debug_pretty_print debug_print_parse debug_print_plan debug_print_rewritten default_statistics_target \
    default_tablespace default_toast_compression default_transaction_deferrable \
    default_transaction_isolation default_transaction_read_only default_with_oids effective_cache_size \
    effective_io_concurrency enable_bitmapscan enable_gathermerge enable_hashagg enable_hashjoin \
    enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material enable_mergejoin \
    enable_nestloop enable_parallel_append enable_parallel_hash enable_partition_pruning \
    enable_partitionwise_aggregate enable_partitionwise_join enable_seqscan enable_sort enable_tidscan \
    escape_string_warning exit_on_error extra_float_digits force_parallel_mode from_collapse_limit geqo \
    geqo_effort geqo_generations geqo_pool_size geqo_seed geqo_selection_bias geqo_threshold \
    gin_fuzzy_search_limit gin_pending_list_limit hash_mem_multiplier hot_standby_feedback \
    idle_in_transaction_session_timeout idle_session_timeout intervalstyle jit jit_above_cost \
    jit_inline_above_cost jit_optimize_above_cost join_collapse_limit lc_messages lc_monetary lc_numeric \
    lc_time lo_compat_privileges lock_timeout log_autovacuum_min_duration log_checkpoints log_connections \
    log_destination log_disconnections log_duration log_error_verbosity log_executor_stats log_filename \
    log_hostname log_line_prefix log_lock_waits log_min_duration_sample log_min_duration_statement \
    log_min_error_statement log_min_messages log_parameter_max_length log_parameter_max_length_on_error \
    log_parser_stats log_planner_stats log_recovery_conflict_waits log_replication_commands \
    log_rotation_age log_rotation_size log_statement log_statement_sample_rate log_statement_stats \
    log_temp_files log_timezone log_transaction_sample_rate logical_decoding_work_mem \
    maintenance_io_concurrency maintenance_work_mem max_parallel_maintenance_workers max_parallel_workers \
    max_parallel_workers_per_gather max_pred_locks_per_page max_pred_locks_per_relation \
    max_slot_wal_keep_size max_stack_depth max_standby_archive_delay max_standby_streaming_delay \
    max_sync_workers_per_subscription max_wal_size min_parallel_index_scan_size \
    min_parallel_table_scan_size min_wal_size operator_precedence_warning orafce.nls_date_format \
    orafce.timezone parallel_leader_participation parallel_setup_cost parallel_tuple_cost \
    password_encryption pg_bigm.enable_recheck pg_hint_plan.debug_print pg_hint_plan.enable_hint \
    pg_hint_plan.message_level pg_prewarm.autoprewarm_interval pg_similarity.block_is_normalized \
    pg_stat_statements.save pg_stat_statements.track pg_stat_statements.track_planning \
    pg_stat_statements.track_utility pg_transport.num_workers pgaudit.log pgaudit.log_catalog \
    pgaudit.log_client pgaudit.log_level pgaudit.log_parameter pgaudit.log_relation pgaudit.log_rows \
    pgaudit.log_statement pgaudit.log_statement_once pgaudit.role plan_cache_mode quote_all_identifiers \
    random_page_cost rds.adaptive_autovacuum rds.allowed_extensions rds.blue_green_replication_type \
    rds.extensions rds.force_admin_logging_level rds.force_autovacuum_logging_level rds.force_ssl \
    rds.log_retention_period rds.pg_stat_ramdisk_size rds.pg_stat_statements.max rds.rds_superuser_reserved_connections \
    rds.superuser_variables recovery_init_sync_method remove_temp_files_after_crash row_security search_path \
    seq_page_cost session_replication_role ssl ssl_max_protocol_version ssl_min_protocol_version \
    standard_conforming_strings statement_timeout stats_temp_directory synchronize_seqscans \
    synchronous_commit tcp_keepalives_count tcp_keepalives_idle tcp_keepalives_interval tcp_user_timeout \
    temp_buffers temp_file_limit temp_tablespaces timezone trace_notify trace_sort track_activities \
    track_counts track_functions track_io_timing track_wal_io_timing transaction_deferrable \
    transaction_isolation transaction_read_only transaction_timeout transform_null_equals \
    update_process_title vacuum_cost_delay vacuum_cost_limit vacuum_cost_page_dirty vacuum_cost_page_hit \
    vacuum_cost_page_miss vacuum_defer_cleanup_age vacuum_failsafe_age vacuum_freeze_min_age \
    vacuum_freeze_table_age vacuum_multixact_failsafe_age vacuum_multixact_freeze_min_age \
    vacuum_multixact_freeze_table_age wal_compression wal_init_zero wal_keep_segments wal_keep_size \
    wal_receiver_create_temp_slot wal_receiver_status_interval wal_receiver_timeout wal_recycle \
    wal_sender_timeout wal_skip_threshold wal_writer_delay wal_writer_flush_after work_mem xmlbinary \
    xmloption summarize_wal io_combine_limit";

const MY_STATIC: &str = "back_log binlog_gtid_simple_recovery core-file default_authentication_plugin \
    explicit_defaults_for_timestamp ft_max_word_len ft_min_word_len ft_query_expansion_limit \
    ft_stopword_file gtid-mode gtid_mode enforce_gtid_consistency innodb_autoinc_lock_mode \
    innodb_buffer_pool_chunk_size innodb_buffer_pool_instances innodb_buffer_pool_load_at_startup \
    innodb_dedicated_server innodb_flush_method innodb_force_load_corrupted innodb_ft_cache_size \
    innodb_ft_max_token_size innodb_ft_min_token_size innodb_ft_sort_pll_degree \
    innodb_ft_total_cache_size innodb_log_buffer_size innodb_log_file_size innodb_log_files_in_group \
    innodb_open_files innodb_page_cleaners innodb_purge_threads innodb_read_io_threads \
    innodb_rollback_on_timeout innodb_sort_buffer_size innodb_sync_array_size innodb_temp_data_file_path \
    innodb_undo_directory innodb_use_native_aio innodb_write_io_threads log-bin log_slave_updates \
    log_replica_updates lower_case_table_names memlock metadata_locks_cache_size old open_files_limit \
    performance_schema performance_schema_digests_size performance_schema_max_digest_length \
    performance_schema_max_sql_text_length port relay_log_recovery replicate-do-db replicate-ignore-db \
    safe-user-create skip-character-set-client-handshake skip-slave-start skip_name_resolve \
    slave_load_tmpdir table_open_cache_instances thread_handling tls_version tmpdir";

const MY_DYNAMIC: &str = "activate_all_roles_on_login auto_increment_increment auto_increment_offset \
    autocommit aurora_enable_replica_log_compression binlog_backup binlog_cache_size binlog_checksum \
    binlog_error_action binlog_expire_logs_seconds binlog_format binlog_group_commit_sync_delay \
    binlog_order_commits binlog_row_image binlog_row_metadata binlog_rows_query_log_events \
    binlog_stmt_cache_size binlog_transaction_compression bulk_insert_buffer_size character_set_client \
    character_set_connection character_set_database character_set_filesystem character_set_results \
    character_set_server collation_connection collation_server completion_type concurrent_insert \
    connect_timeout cte_max_recursion_depth default_collation_for_utf8mb4 default_password_lifetime \
    default_storage_engine default_tmp_storage_engine default_week_format delay_key_write \
    div_precision_increment end_markers_in_json eq_range_index_dive_limit event_scheduler \
    flush flush_time general_log general_log_file group_concat_max_len histogram_generation_max_mem_size \
    host_cache_size init_connect innodb_adaptive_flushing innodb_adaptive_hash_index \
    innodb_adaptive_max_sleep_delay innodb_autoextend_increment innodb_buffer_pool_dump_at_shutdown \
    innodb_buffer_pool_dump_pct innodb_buffer_pool_size innodb_change_buffer_max_size \
    innodb_change_buffering innodb_cmp_per_index_enabled innodb_compression_level \
    innodb_concurrency_tickets innodb_deadlock_detect innodb_default_row_format innodb_disable_sort_file_cache \
    innodb_fast_shutdown innodb_file_per_table innodb_fill_factor innodb_flush_log_at_timeout \
    innodb_flush_log_at_trx_commit innodb_flush_neighbors innodb_flush_sync innodb_io_capacity \
    innodb_io_capacity_max innodb_lock_wait_timeout innodb_log_compressed_pages innodb_lru_scan_depth \
    innodb_max_dirty_pages_pct innodb_max_dirty_pages_pct_lwm innodb_max_purge_lag innodb_monitor_enable \
    innodb_old_blocks_pct innodb_old_blocks_time innodb_online_alter_log_max_size \
    innodb_optimize_fulltext_only innodb_print_all_deadlocks innodb_purge_batch_size \
    innodb_random_read_ahead innodb_read_ahead_threshold innodb_redo_log_capacity innodb_replication_delay \
    innodb_spin_wait_delay innodb_stats_auto_recalc innodb_stats_method innodb_stats_on_metadata \
    innodb_stats_persistent innodb_stats_persistent_sample_pages innodb_stats_transient_sample_pages \
    innodb_status_output innodb_status_output_locks innodb_strict_mode innodb_sync_spin_loops \
    innodb_table_locks innodb_thread_concurrency innodb_thread_sleep_delay interactive_timeout \
    internal_tmp_mem_storage_engine join_buffer_size keep_files_on_create key_buffer_size lc_time_names \
    local_infile lock_wait_timeout log_bin_trust_function_creators log_error_verbosity log_output \
    log_queries_not_using_indexes log_slow_admin_statements log_slow_slave_statements log_warnings \
    log_throttle_queries_not_using_indexes long_query_time low_priority_updates mandatory_roles \
    max_allowed_packet max_binlog_cache_size max_binlog_size max_connect_errors max_connections \
    max_error_count max_execution_time max_heap_table_size max_join_size max_length_for_sort_data \
    max_prepared_stmt_count max_relay_log_size max_seeks_for_key max_sort_length max_sp_recursion_depth \
    max_user_connections min_examined_row_limit myisam_sort_buffer_size net_buffer_length \
    net_read_timeout net_retry_count net_write_timeout optimizer_prune_level optimizer_search_depth \
    optimizer_switch optimizer_trace password_history password_reuse_interval preload_buffer_size \
    query_alloc_block_size query_prealloc_size range_alloc_block_size range_optimizer_max_mem_size \
    read_buffer_size read_only read_rnd_buffer_size regexp_time_limit relay_log_space_limit \
    replica_parallel_type replica_parallel_workers replica_preserve_commit_order require_secure_transport \
    server_audit_events server_audit_excl_users server_audit_incl_users server_audit_logging \
    server_audit_logs_upload show_compatibility_56 slave_compressed_protocol slave_exec_mode \
    slave_net_timeout slave_parallel_type slave_parallel_workers slave_preserve_commit_order \
    slave_rows_search_algorithms slave_sql_verify_checksum slave_type_conversions slow_launch_time \
    slow_query_log slow_query_log_file sort_buffer_size sql_mode sql_select_limit stored_program_cache \
    sync_binlog sync_master_info sync_relay_log sync_relay_log_info sysdate-is-now table_definition_cache \
    table_open_cache temptable_max_mmap temptable_max_ram temptable_use_mmap thread_cache_size \
    thread_stack time_zone tmp_table_size transaction_alloc_block_size transaction_isolation \
    transaction_prealloc_size tx_isolation updatable_views_with_limit wait_timeout \
    aurora_parallel_query aurora_binlog_replication_max_yield_seconds innodb_ft_enable_stopword";

fn lists(family: &str) -> (&'static str, &'static str) {
    if family.contains("postgres") { (PG_STATIC, PG_DYNAMIC) } else { (MY_STATIC, MY_DYNAMIC) }
}

/// `static` or `dynamic`; `None` for a parameter the family does not have.
pub fn apply_type(family: &str, name: &str) -> Option<&'static str> {
    let (still, moving) = lists(family);
    if still.split_whitespace().any(|n| n == name) {
        Some("static")
    } else if moving.split_whitespace().any(|n| n == name) {
        Some("dynamic")
    } else {
        None
    }
}

/// All names with their apply types, sorted.
pub fn all(family: &str) -> Vec<(&'static str, &'static str)> {
    let (still, moving) = lists(family);
    let mut names: Vec<_> = still.split_whitespace().map(|n| (n, "static")).collect();
    names.extend(moving.split_whitespace().map(|n| (n, "dynamic")));
    names.sort_unstable();
    names
}
