-- The application's role may change rows and no tables. What it needs beyond that is here, with the owner's rights.
CREATE FUNCTION make_campaign_partitions(campaign BIGINT) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    parent TEXT;
BEGIN
    FOREACH parent IN ARRAY ARRAY['email_jobs', 'send_attempts', 'job_transitions', 'email_events'] LOOP
        -- Built aside and then attached: PARTITION OF would lock every running campaign out, ATTACH does not.
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', parent || '_c' || campaign, parent);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%s)', parent, parent || '_c' || campaign, campaign);
    END LOOP;
END
$$;

CREATE FUNCTION drop_campaign_partitions(campaign BIGINT) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '2s' AS $$
DECLARE
    parent TEXT;
BEGIN
    UPDATE campaigns SET forgotten_at = clock_timestamp()
    WHERE id = campaign AND completed_at IS NOT NULL AND forgotten_at IS NULL AND NOT EXISTS (
        SELECT FROM email_jobs
        WHERE campaign_id = campaign AND status IN ('pending', 'ready', 'claimed', 'sending', 'unknown'));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    FOREACH parent IN ARRAY ARRAY['email_jobs', 'send_attempts', 'job_transitions', 'email_events'] LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I', parent || '_c' || campaign);
    END LOOP;
    RETURN true;
END
$$;

REVOKE ALL ON FUNCTION make_campaign_partitions(BIGINT), drop_campaign_partitions(BIGINT) FROM PUBLIC;

-- deploy/postgres/roles.sh makes these roles and lets the application use what the owner makes from then on.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'steadypost_app') THEN
        GRANT EXECUTE ON FUNCTION make_campaign_partitions(BIGINT), drop_campaign_partitions(BIGINT) TO steadypost_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'steadypost_read') THEN
        GRANT SELECT ON campaigns, newsletters, products, orders, email_jobs, send_attempts, job_transitions,
                        email_events, sending_epochs TO steadypost_read;
        GRANT SELECT (id, locale, active, suppressed_at, suppressed_reason, last_recos_sent, created_at)
            ON users TO steadypost_read;
        GRANT SELECT (id, received_at, applied_at, events_applied, events_repeated, events_foreign)
            ON webhook_inbox TO steadypost_read;
    END IF;
END
$$;
