from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from messaging.desk.ads_view import AdsView
from messaging.desk.assignments_view import AssignmentViewSet, CustomerAssignmentsView
from messaging.desk.counts import DeskCountsView
from messaging.desk.duplicates_view import DuplicatesView
from messaging.desk.events_view import CustomerEventsView
from messaging.desk.merges_view import MergesView, MergeView, UndoMergeView
from messaging.desk.reports_view import ResponseTimesCsvView, ResponseTimesView
from messaging.desk.routing_view import AccessView, ClaimView, RoutingView
from messaging.desk.states_view import CloseView, ReopenView, SnoozeView, UnreadView
from messaging.desk.team_view import TeamView
from messaging.desk.views import DeskViewSet

router = SimpleRouter()
router.register("assignments", AssignmentViewSet, basename="assignment")
router.register("customers", DeskViewSet, basename="customer")

urlpatterns = [
    path("", include(router.urls)),
    path("reports/response-times/", ResponseTimesView.as_view()),
    path("reports/response-times.csv/", ResponseTimesCsvView.as_view()),
    path("reports/ads/", AdsView.as_view()),
    path("desk/counts/", DeskCountsView.as_view()),
    path("team/", TeamView.as_view(), name="team"),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/events/$", CustomerEventsView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/assignments/$", CustomerAssignmentsView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/claim/$", ClaimView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/routing/$", RoutingView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/access/$", AccessView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/close/$", CloseView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/reopen/$", ReopenView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/snooze/$", SnoozeView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/unread/$", UnreadView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/duplicates/$", DuplicatesView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/merge/$", MergeView.as_view()),
    re_path(r"^customers/(?P<customer_id>\d{1,18})/merges/$", MergesView.as_view()),
    re_path(r"^customers/merges/(?P<merge_id>\d{1,18})/undo/$", UndoMergeView.as_view()),
]
