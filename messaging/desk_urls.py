from rest_framework.routers import SimpleRouter

from messaging.desk.views import DeskViewSet

router = SimpleRouter()
router.register("customers", DeskViewSet, basename="customer")

urlpatterns = router.urls
