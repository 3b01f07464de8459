SET LOCAL lock_timeout = '5s';

CREATE TABLE sending_pauses (
    account TEXT NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sending_pauses PRIMARY KEY (account)
);
