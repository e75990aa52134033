DROP TRIGGER notify_login_change ON auth_user;
DROP TRIGGER notify_session_end ON django_session;
DROP TRIGGER notify_session_cut ON django_session;
DROP TRIGGER notify_key_end ON accounts_apikey;
DROP TRIGGER notify_key_change ON accounts_apikey;
DROP FUNCTION accounts_end_session;
